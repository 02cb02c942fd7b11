// How matrices are drawn: cells as an image, marks over them, and the legend.

import { element, pixelImage, prepare, screenRatio } from "../shared/dom.js";
import { drawBar, mix, ramp } from "../shared/ramps.js";
import { FINE } from "../shared/unpack.js";
import { drawState, flatColours, isSmall, stateCode, stateColour, stateOf } from "./states.js";

const LEVELS = 600; // steps of a scale

/** The colour of a value cell as a function of its code: sequential, or diverging with zero in the card's colour. */
function colouring(room, panel) {
  const { palette, header } = room;
  const scale = (from, to) => ramp(LEVELS + 1, (level) => mix(from, to, (level / LEVELS) ** header.shade_power));
  if (!panel.matrix.signed) {
    const colours = scale(palette.card, palette[panel.matrix.kind]);
    return (code) => colours[Math.ceil((code * LEVELS) / FINE)];
  }
  const [less, more] = [palette.negative, palette.positive].map((end) => scale(palette.zero, end));
  const zero = FINE / 2;
  return (code) => (code < zero ? less : more)[Math.ceil((Math.abs(code - zero) * LEVELS) / zero)];
}

/** One panel: the cells as an image, what has no weight over it, hairlines between cells that are large enough. */
export function drawPanel(room, panel) {
  const ratio = screenRatio();
  const { left, top, across, down, width, height } = panel.size;
  const { rows, columns } = panel.matrix;
  const context = prepare(panel.canvas, width, height);
  const image = cellImage(room, panel, ratio);
  context.imageSmoothingEnabled = false;
  context.drawImage(image, left, top, columns * across, rows * down);
  const large = !isSmall(room);
  for (let at = 0; large && at < rows * columns; at++) {
    const state = stateOf(room, panel.codes[at]);
    if (state)
      drawState(room, context, state, left + (at % columns) * across, top + Math.floor(at / columns) * down, across, down);
  }
  context.fillStyle = room.palette.card;
  const place = panel.canvas.standIn ? (at) => at - 0.5 : Math.round; // on the screen hairlines are sharp
  for (let row = 1; down >= 8 && across >= 8 && row < rows; row++)
    context.fillRect(left, place(top + row * down), columns * across, 1);
  for (let column = 1; down >= 8 && across >= 8 && column < columns; column++)
    context.fillRect(place(left + column * across), top, 1, rows * down);
  context.strokeStyle = room.palette.line;
  context.strokeRect(left - 0.5, top - 0.5, columns * across + 1, rows * down + 1);
}

/** The cells of a panel, one pixel each, pooled by the largest where the screen has fewer pixels. */
function cellImage(room, panel, ratio) {
  const { rows, columns } = panel.matrix;
  const [high, wide] = [
    Math.min(rows, Math.ceil(rows * panel.size.down * ratio)),
    Math.min(columns, Math.ceil(columns * panel.size.across * ratio)),
  ];
  const colour = colouring(room, panel);
  const flat = flatColours(room);
  const size = (code) => (panel.matrix.signed ? Math.abs(code - FINE / 2) : code);
  const weigh = (code) => (code <= FINE ? size(code) : flat.strong.has(code) ? Infinity : -1); // what the reader cut stays in sight
  const codes = new Int32Array(high * wide).fill(-1);
  for (let at = 0; at < rows * columns; at++) {
    const to = Math.floor((Math.floor(at / columns) * high) / rows) * wide + Math.floor(((at % columns) * wide) / columns);
    if (codes[to] < 0 || weigh(panel.codes[at]) > weigh(codes[to])) codes[to] = panel.codes[at];
  }
  return pixelImage(panel, wide, high, (at) => (codes[at] > FINE ? flat.colours.get(codes[at]) : colour(codes[at])));
}

/** What the colours and the marks mean: scales, and a swatch for every state that occurs. */
export function writeLegend(room) {
  const signs = [false, true].filter((signed) => room.panels.some((panel) => panel.matrix.signed === signed));
  const present = new Set(room.values);
  const states = room.header.states.filter(({ name, legend }) => legend && present.has(stateCode(room, name)));
  const first = states.filter(({ legend }, at) => states.findIndex((state) => state.legend === legend) === at);
  room.legend.replaceChildren(...signs.map((signed) => scaleItem(room, signed)), ...first.map((state) => stateItem(room, state)));
}

function scaleItem(room, signed) {
  const { texts } = room.header;
  const panel = room.panels.find((item) => item.matrix.signed === signed);
  const [item, bar, colour] = [
    element("span", "scale"),
    element("canvas", "", { "aria-hidden": "true" }),
    colouring(room, panel),
  ];
  item.append(element("span", "", {}, signed ? "−1" : "0"), bar, element("span", "", {}, signed ? "+1" : "1"));
  item.append(element("span", "", {}, signed ? texts.signed : texts.shade));
  drawBar(bar, (context, share) => {
    const value = colour(Math.round(share * FINE));
    context.fillStyle = `rgb(${value & 255} ${(value >> 8) & 255} ${(value >> 16) & 255})`;
  });
  return item;
}

function stateItem(room, { name, legend }) {
  const [item, swatch] = [element("span", "scale"), element("canvas", "", { "aria-hidden": "true" })];
  const context = prepare(swatch, 16, 14);
  context.fillStyle = stateColour(room, name);
  context.fillRect(0, 0, 16, 14);
  if (!isSmall(room)) drawState(room, context, name, 0, 0, 16, 14);
  item.append(swatch, element("span", "", {}, legend));
  return item;
}
