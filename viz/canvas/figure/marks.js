// What a figure shows of its data: cells, bars, lines and points. Each returns where it stands, for the pointer.

import { countOf, pixelOf, positions, unitOf, valueAt } from "./axes.js";
import { colourOf, imageOf, pick, scaleOf } from "./scale.js";
import { drawMarkup, firstWord, markupOf, measure, plainText } from "./text.js";

const APART = 2; // CSS pixels, between the texts of two cells
const LOW = 0.8; // of its text, a bar that lies: one that is lower goes without
const CLEAR = 4; // CSS pixels between a bar or a point and its text
const ORDER = ["heatmap", "bar", "scatter"]; // from the bottom to the top

/** Draw all parts. Returns their targets, the topmost last: {part, at, x, y, …}. */
export function drawParts(context, figure) {
  const order = figure.data.map((_, at) => at).sort((one, two) => rank(figure, one) - rank(figure, two) || one - two);
  return order.map((at) => {
    const part = figure.data[at];
    const [x, y] = [figure.axes[part.xaxis || "x"], figure.axes[part.yaxis || "y"]];
    const target = { part, at, x, y, count: countOf(part) };
    context.save();
    if (part.cliponaxis !== false || figure.zoomed) clip(context, x, y);
    if (part.opacity !== undefined) context.globalAlpha = part.opacity;
    const places = { heatmap: drawCells, bar: drawBars, scatter: drawPoints }[part.type](context, figure, target);
    context.restore();
    return { ...target, ...places };
  });
}

function rank(figure, at) {
  return ORDER.indexOf(figure.data[at].type);
}

function clip(context, x, y) {
  context.beginPath();
  context.rect(x.start - 1, y.start - 1, x.length + 2, y.length + 2);
  context.clip();
}

/** The edges of rows or columns, CSS pixels, one more than there are. */
function edges(axis, places, count, step) {
  const half = step / 2;
  const values = Array.from({ length: count }, (_, at) => valueAt(places, at, axis));
  return [pixelOf(axis, values[0] - half), ...values.map((value) => pixelOf(axis, value + half))];
}

function drawCells(context, figure, { part, x, y }) {
  const [rows, columns] = part.z.shape;
  const across = edges(x, positions(part, "x", columns), columns, part.dx ?? 1);
  const down = edges(y, positions(part, "y", rows), rows, part.dy ?? 1);
  const scale = scaleOf(part, figure.layout);
  const gaps = [part.xgap || 0, part.ygap || 0];
  if (gaps[0] || gaps[1]) {
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const value = part.z.values[row * columns + column];
        if (Number.isNaN(value)) continue;
        context.fillStyle = colourOf(scale, value).fill;
        fillCell(context, boxOf(across, down, row, column), gaps);
      }
  } else drawImage(context, imageOf(scale, part.z), across, down);
  if (part.texttemplate) writeCells(context, figure, part, scale, across, down);
  return { across, down, rows, columns };
}

/** The cells at one go; axes that run the other way mirror the picture. */
function drawImage(context, image, across, down) {
  const [left, right, top, bottom] = [across[0], across[across.length - 1], down[0], down[down.length - 1]];
  context.save();
  context.imageSmoothingEnabled = false;
  context.translate(left, top);
  context.scale(Math.sign(right - left) || 1, Math.sign(bottom - top) || 1);
  context.drawImage(image, 0, 0, Math.abs(right - left), Math.abs(bottom - top));
  context.restore();
}

/** @param {CanvasRenderingContext2D} context @param {any} box @param {number[]} gaps */
function fillCell(context, { x, y, width, height }, [gapAcross, gapDown]) {
  const [left, top] = [Math.round(x + gapAcross / 2), Math.round(y + gapDown / 2)];
  const [right, bottom] = [Math.round(x + width - gapAcross / 2), Math.round(y + height - gapDown / 2)];
  context.fillRect(left, top, Math.max(0.5, right - left), Math.max(0.5, bottom - top));
}

/** The box of a cell, CSS pixels. */
export function boxOf(across, down, row, column) {
  const [x, y] = [Math.min(across[column], across[column + 1]), Math.min(down[row], down[row + 1])];
  return { x, y, width: Math.abs(across[column + 1] - across[column]), height: Math.abs(down[row + 1] - down[row]) };
}

/** Text in every cell that has room for it. */
function writeCells(context, figure, part, scale, across, down) {
  const [rows, columns] = part.z.shape;
  const font = { ...figure.layout.font, ...part.textfont };
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const value = part.z.values[row * columns + column];
      const text = figure.fill(part, part.texttemplate, { row, column });
      if (!text || Number.isNaN(value)) continue;
      const { x, y, width, height } = boxOf(across, down, row, column);
      const fit = fitText(context, text, font, { width: width - APART, height: 1.4 * height });
      const colour = part.textfont?.color || colourOf(scale, value).ink;
      const place = { x: x + width / 2, y: y + height / 2, across: 0.5, down: 0.5 };
      if (fit !== null) drawMarkup(context, fit, { ...font, colour }, place);
    }
}

/** As much of a text as a box holds: all of it, its first word, or its beginning; null where not even that fits. */
function fitText(context, text, font, { width, height }) {
  const fits = (/** @type {string} */ part) => {
    const size = measure(context, part, font);
    return size.width <= width && size.height <= height;
  };
  return [text, firstWord(text), ...beginnings(text)].find(fits) ?? null;
}

/** The beginnings of a text without numbers, the longest first: three signs or more, and a mark that more follows. */
function beginnings(text) {
  const letters = Array.from(plainText(text));
  if (letters.some((letter) => /[\p{N}\n]/u.test(letter))) return [];
  const whole = markupOf(letters.join(""));
  return letters.map((_, at) => text.replace(whole, () => markupOf(`${letters.slice(0, -at - 1).join("")}…`))).slice(0, -3);
}

function drawBars(context, figure, { part, x, y, count }) {
  const lies = part.orientation === "h";
  const [along, across] = lies ? [x, y] : [y, x];
  const places = positions(part, across.letter, count);
  const lengths = positions(part, along.letter, count);
  const thickness = unitOf(across) * (part.width ?? 1 - (figure.layout.bargap ?? 0.2));
  const zero = pixelOf(along, 0);
  const boxes = [];
  for (let at = 0; at < count; at++) {
    const middle = pixelOf(across, valueAt(places, at, across));
    const value = valueAt(lengths, at, along);
    const end = value === null || Number.isNaN(value) ? zero : pixelOf(along, value);
    const [start, size] = [Math.min(zero, end), Math.abs(end - zero)];
    const box = lies
      ? { x: start, y: middle - thickness / 2, width: size, height: thickness }
      : { x: middle - thickness / 2, y: start, width: thickness, height: size };
    boxes.push(box);
    context.globalAlpha = pick(part.marker?.opacity, at, 1);
    context.fillStyle = pick(part.marker?.color, at, figure.layout.font.color);
    context.fillRect(box.x, box.y, box.width, box.height);
    context.globalAlpha = 1;
    if (part.text && (!lies || thickness >= LOW * figure.layout.font.size))
      writeBar(context, figure, part, at, box, { lies, backwards: lies ? end < zero : end > zero });
  }
  return { boxes, across };
}

/** The text of a bar: behind its end, or inside where "auto" finds room there. */
function writeBar(context, figure, part, at, box, { lies, backwards }) {
  const text = part.text[at];
  if (!text) return;
  const font = { ...figure.layout.font, ...part.textfont, colour: pick(part.textfont?.color, at, figure.layout.font.color) };
  const { width } = measure(context, text, font);
  const [middleX, middleY] = [box.x + box.width / 2, box.y + box.height / 2];
  if (!lies) {
    const place = backwards ? { y: box.y + box.height + CLEAR, down: 0 } : { y: box.y - CLEAR, down: 1 };
    drawMarkup(context, text, font, { x: middleX, across: 0.5, ...place });
  } else if (part.textposition === "auto" && width + 2 * CLEAR <= box.width) {
    drawMarkup(context, text, font, { x: box.x + CLEAR, y: middleY, across: 0, down: 0.5 });
  } else {
    const place = backwards ? { x: box.x - CLEAR, across: 1 } : { x: box.x + box.width + CLEAR, across: 0 };
    drawMarkup(context, text, font, { ...place, y: middleY, down: 0.5 });
  }
}

function drawPoints(context, figure, { part, x, y, count }) {
  const [xs, ys] = [positions(part, "x", count), positions(part, "y", count)];
  const spots = Array.from({ length: count }, (_, at) => {
    const [across, down] = [valueAt(xs, at, x), valueAt(ys, at, y)];
    const there = across !== null && down !== null && !Number.isNaN(across) && !Number.isNaN(down);
    return there ? [pixelOf(x, across), pixelOf(y, down)] : null;
  });
  const mode = part.mode || "lines+markers";
  if (mode.includes("lines")) drawLine(context, figure, part, spots);
  spots.forEach((spot, at) => {
    if (spot && mode.includes("markers")) drawMarker(context, figure, part, at, spot);
  });
  if (mode.includes("text")) spots.forEach((spot, at) => spot && writePoint(context, figure, part, at, spot));
  return { spots };
}

function drawLine(context, figure, part, spots) {
  context.beginPath();
  let down = false;
  for (const spot of spots) {
    if (spot && down) context.lineTo(spot[0], spot[1]);
    else if (spot) context.moveTo(spot[0], spot[1]);
    down = Boolean(spot) || (down && part.connectgaps === true);
  }
  const width = part.line?.width ?? 2;
  Object.assign(context, { lineWidth: width, lineJoin: "round", strokeStyle: part.line?.color || figure.layout.font.color });
  context.setLineDash(part.line?.dash === "dot" ? [width, 2 * width] : part.line?.dash ? [4 * width, 3 * width] : []);
  context.stroke();
  context.setLineDash([]);
}

/** The colour of a marker: its own, that of a scale, or that of its line. */
function markerColour(figure, part, at) {
  const own = pick(part.marker?.color, at, null);
  if (typeof own === "number") return colourOf(scaleOf(part, figure.layout), own).fill;
  return own || part.line?.color || figure.layout.font.color;
}

/** One marker at [x, y]. @param {CanvasRenderingContext2D} context @param {any} figure @param {any} part @param {number} at @param {number[]} spot */
export function drawMarker(context, figure, part, at, [x, y]) {
  const marker = part.marker || {};
  const half = pick(marker.size, at, 6) / 2;
  const symbol = pick(marker.symbol, at, "circle");
  const [fill, edge] = [markerColour(figure, part, at), pick(marker.line?.color, at, null)];
  context.globalAlpha = pick(marker.opacity, at, 1);
  context.beginPath();
  if (symbol.startsWith("circle")) context.arc(x, y, half, 0, 2 * Math.PI);
  else if (symbol.startsWith("diamond")) traceDiamond(context, x, y, 1.3 * half);
  else if (symbol.startsWith("square")) context.rect(x - half, y - half, 2 * half, 2 * half);
  if (!/-open$|^(line|cross)-/.test(symbol)) {
    context.fillStyle = fill;
    context.fill();
  }
  const reach = 1.4 * half;
  if (/^line-ns|^cross/.test(symbol)) traceLine(context, x, y - reach, x, y + reach);
  if (/^line-ew|^cross/.test(symbol)) traceLine(context, x - reach, y, x + reach, y);
  const width = pick(marker.line?.width, at, symbol.endsWith("-open") ? 1 : 0);
  if (width) {
    Object.assign(context, { lineWidth: width, strokeStyle: edge || fill });
    context.stroke();
  }
  context.globalAlpha = 1;
}

function traceDiamond(context, x, y, reach) {
  context.moveTo(x - reach, y);
  context.lineTo(x, y - reach);
  context.lineTo(x + reach, y);
  context.lineTo(x, y + reach);
  context.closePath();
}

function traceLine(context, fromX, fromY, toX, toY) {
  context.moveTo(fromX, fromY);
  context.lineTo(toX, toY);
}

/** The text of a point, on the side that `textposition` names. @param {CanvasRenderingContext2D} context @param {any} figure @param {any} part @param {number} at @param {number[]} spot */
function writePoint(context, figure, part, at, [x, y]) {
  const text = pick(part.text, at, "");
  if (!text || !plainText(text).trim()) return;
  const [down, across] = pick(part.textposition, at, "middle center").split(" ");
  const half = part.mode.includes("markers") ? pick(part.marker?.size, at, 6) / 2 + 2 : 0;
  const shiftX = { left: -half - 2, center: 0, right: half + 2 }[across];
  const shiftY = { top: -half, middle: 0, bottom: half }[down];
  const font = { ...figure.layout.font, ...part.textfont, colour: pick(part.textfont?.color, at, figure.layout.font.color) };
  const place = {
    x: x + shiftX,
    y: y + shiftY,
    across: { left: 1, center: 0.5, right: 0 }[across],
    down: { top: 1, middle: 0.5, bottom: 0 }[down],
  };
  drawMarkup(context, text, font, place);
}
