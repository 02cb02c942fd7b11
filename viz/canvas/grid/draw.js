// Where the heads of one kind stand, and how they are drawn.

import { pixelImage, prepare, screenRatio } from "../shared/dom.js";
import { mix, mixSigned, ramp } from "../shared/ramps.js";
import { channels } from "../shared/theme.js";

export const GAP = 5; // between heads, pixels of the drawing
export const ROW_LABEL = 18; // width of the layer numbers
export const NEW = 255; // code of a change that a new token has nothing to compare with
export const UNCHANGED = 100; // code of no change
const [LOWEST, TALL] = [14, 1.5]; // of a head on a wall: pixels of the drawing; widths
const COLUMN_LABEL = 18; // height of the head numbers, above the first kind

/** The name of a head as one key. */
export function keyOf(kind, layer, head) {
  return [kind, layer, head].join();
}

/** The head [layer, head] in a square of the grid: where all of a kind are drawn, its row and column. */
export function placeAt(kind, row, column) {
  return kind.places ? kind.places[row * kind.heads + column] || null : [row, column];
}

/** The reverse: the square of a head; null where it is not drawn. */
export function squareOf(kind, layer, head) {
  if (!kind.places) return layer < kind.layers && head < kind.heads ? [layer, head] : null;
  const at = kind.places.findIndex((place) => place[0] === layer && place[1] === head);
  return at < 0 ? null : [Math.floor(at / kind.heads), at % kind.heads];
}

/** Colour of each code 0..200 of a weight, from the card's to the kind's along weight ** power. */
export function weightRamp(card, colour, power) {
  return ramp(256, (code) => mix(card, colour, code === 0 ? 0 : Math.min(1, ((code - 0.5) / 200) ** power)));
}

/** Colour of each code 0..200 of a change, and of a token that is new. */
export function changeRamp(palette, power) {
  return ramp(256, (code) => {
    if (code === NEW) return channels(palette.line);
    return mixSigned(palette, (Math.min(code, 200) - UNCHANGED) / 100, power);
  });
}

/** Where the heads of one kind stand, pixels of the drawing: as flat as rows / columns, within what 18 layers leave of a screen; where
 * it is a wall, as high as `room` lets them. */
export function layOut(section, width, whole, first, room) {
  const { layers, heads, queries, keys } = section.kind;
  const cell = (width - ROW_LABEL - GAP * (heads - 1)) / heads;
  const tallest = whole >= 900 ? 34 : 31;
  const top = first ? COLUMN_LABEL : 0;
  const share = Math.floor((room - top) / layers) - GAP; // of a wall's height
  const height =
    room < Infinity
      ? Math.max(LOWEST, Math.min(share, TALL * cell))
      : Math.round(Math.min(tallest, Math.max(cell * 0.3, 18, (cell * queries) / keys)));
  section.boxes = (layer, head) => {
    const x = Math.round(ROW_LABEL + head * (cell + GAP));
    const right = Math.round(ROW_LABEL + head * (cell + GAP) + cell);
    return { x, y: top + layer * (height + GAP), width: right - x, height };
  };
  section.size = { width, height: top + layers * (height + GAP) - GAP + 1, top, cell, step: height + GAP };
}

/** Draw all heads of one kind, with the numbers of layers and, above the first kind, heads. */
export function drawSection(grid, section) {
  const { kind, size, start } = section;
  const { header, palette, values } = grid;
  const context = prepare(section.canvas, size.width, size.height);
  drawNumbers(context, section, header, palette);
  const area = kind.rows * kind.columns;
  const off = new Set(header.off.map((item) => keyOf(...item)));
  const dim = new Set((header.dim || []).map((item) => keyOf(...item)));
  context.imageSmoothingEnabled = false;
  for (let index = 0; index < kind.layers * kind.heads; index++) {
    const [row, column] = [Math.floor(index / kind.heads), index % kind.heads];
    const place = placeAt(kind, row, column);
    if (!place) continue;
    const codes = values.subarray(start + index * area, start + (index + 1) * area);
    const name = keyOf(kind.name, ...place);
    context.globalAlpha = dim.has(name) ? 0.15 : off.has(name) ? 0.3 : 1;
    drawHead(context, codes, section, section.boxes(row, column), palette);
    if ((header.star || []).join() === name) drawStar(context, section.boxes(row, column), palette);
  }
}

/** The numbers of layers at the left and, where there is room above, of heads. */
function drawNumbers(context, { kind, size, boxes }, header, palette) {
  context.font = `13px ${header.sans}`;
  context.fillStyle = palette.soft;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (let layer = 0; layer < kind.layers; layer++) {
    context.fillText(
      kind.row_names ? kind.row_names[layer] : String(layer + 1),
      ROW_LABEL - 7,
      boxes(layer, 0).y + (size.step - GAP) / 2 + 0.5,
    );
  }
  context.textAlign = "center";
  for (let head = 0; size.top && head < kind.heads; head++) {
    const box = boxes(0, head);
    context.fillText(kind.places && !kind.is_whole ? "" : String(head + 1), box.x + box.width / 2, size.top / 2 - 1);
  }
}

/** A star in the upper right corner of a head, on a disc of the card's colour. */
function drawStar(context, box, palette) {
  const [x, y] = [box.x + box.width - 9, box.y + 9];
  context.globalAlpha = 1;
  context.fillStyle = palette.card;
  context.beginPath();
  context.arc(x, y, 7, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = palette.ink;
  context.textAlign = "center";
  context.fillText("★", x, y + 0.5);
}

/** One head: its codes as an image with round corners inside a hairline. */
function drawHead(context, codes, section, box, palette) {
  const ratio = screenRatio();
  const { rows, columns } = section.kind;
  const fitted = fit(codes, section.signed, rows, columns, Math.floor(box.height * ratio), Math.floor(box.width * ratio));
  const image = pixelImage(section, fitted.columns, fitted.rows, (at) => section.shades[fitted.codes[at]]);
  context.save();
  context.beginPath();
  context.roundRect(box.x, box.y, box.width, box.height, 4);
  context.clip();
  context.drawImage(image, box.x, box.y, box.width, box.height);
  context.restore();
  context.strokeStyle = palette.line;
  context.lineWidth = 1;
  context.beginPath();
  context.roundRect(box.x + 0.5, box.y + 0.5, box.width - 1, box.height - 1, 4);
  context.stroke();
}

/** Codes (row, column) max-pooled to what fits into so many screen pixels, so that no strong cell gets lost. */
function fit(codes, signed, rows, columns, height, width) {
  if (rows <= height && columns <= width) return { codes, rows, columns };
  const [down, across] = [Math.min(rows, height), Math.min(columns, width)];
  const pooled = new Uint8Array(down * across).fill(signed ? UNCHANGED : 0);
  for (let row = 0; row < rows; row++) {
    const to = Math.floor((row * down) / rows) * across;
    for (let column = 0; column < columns; column++) {
      const at = to + Math.floor((column * across) / columns);
      pooled[at] = stronger(pooled[at], codes[row * columns + column], signed);
    }
  }
  return { codes: pooled, rows: down, columns: across };
}

/** Of two codes the one that says more: the larger weight, or the larger change; new tokens only where nothing else is. */
function stronger(first, second, signed) {
  if (!signed) return Math.max(first, second);
  if (first === NEW || second === NEW) return first === NEW ? second : first;
  return Math.abs(second - UNCHANGED) > Math.abs(first - UNCHANGED) ? second : first;
}
