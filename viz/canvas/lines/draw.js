// Drawing of the lines view: only the part that can be seen is drawn, on a canvas that stays in place while its room scrolls.

import { contextOf, cssLength, drawingUnit, prepare, widthInside } from "../shared/dom.js";
import { number, signed } from "../shared/numbers.js";
import { countDrawing } from "../shared/room.js";
import { changeOf, weightOf } from "../shared/unpack.js";
import { cut } from "../shared/words.js";

export const FAINT = 0.01; // weights below this get no line
const LOW = 480; // pixels of the drawing: rows stand closer where there is less room
export const LEVELS = 20; // steps of opacity; all lines of one step and head are one stroke
const MOST = 12000; // lines drawn at once; beyond that the faintest levels wait until a token is pointed at

/** Sizes for a width and numbers of tokens, pixels of the drawing: labels as wide as their words, room for numbers outside, lines between. */
function measure(room) {
  const { header, scroll } = room;
  const width = widthInside(scroll);
  const narrow = width < 560;
  const rowHeight = Math.max(
    room.limit < LOW ? 13 : 16,
    Math.min(27, Math.floor((room.limit - 8) / Math.max(header.queries, header.keys))),
  );
  const font = Math.max(13, Math.min(15, rowHeight - 4));
  const outside = narrow ? 36 : 46 + Math.min(8, room.selection.length || 1) * 7;
  const widest = wordWidths(room, font);
  const most = narrow ? width * 0.17 : 150;
  const read = Math.min(most, widest.rows + 2);
  const produced = header.axes.produced ? Math.min(most, widest.produced + 2) : 0;
  const label = {
    left: read + (produced ? produced + 24 : 0) + 8,
    right: Math.min(header.axes.produced ? most : 1.5 * most, widest.columns + 2) + 8,
  };
  const between = Math.max(60, Math.min(480, width - 2 * outside - label.left - label.right));
  const left = Math.max(outside, (width - between - label.left - label.right) / 2) + label.left;
  const height = Math.max(header.queries, header.keys) * rowHeight + 8;
  return { width, rowHeight, narrow, outside, left, right: left + between, label, read, produced, font, height };
}

/** The widest word of each axis in pixels of the drawing; measured once for each sentence and font size. */
function wordWidths(room, font) {
  const { header, canvas } = room;
  if (room.widths?.header === header && room.widths.font === font) return room.widths;
  const context = contextOf(canvas);
  context.font = `${font}px ${header.mono}`;
  const widest = (name) => (name ? Math.max(...header.tokens[name].words.map((word) => context.measureText(word).width)) : 0);
  const { rows, produced, columns } = header.axes;
  room.widths = { header, font, rows: widest(rows), produced: widest(produced), columns: widest(columns) };
  return room.widths;
}

/** The weight at a place of (head, query, key), 0 to 1, or how it changed, -1 to 1. */
function weightAt(room, at) {
  return (room.header.signed ? changeOf : weightOf)(room.values[at]);
}

/** All lines that can show, level by level of opacity, strongest last: each the place of its weight in (head, query, key). */
export function collect(room) {
  const { header, selection } = room;
  /** @type {number[][]} */
  const buckets = Array.from({ length: LEVELS }, () => []);
  const area = header.queries * header.keys;
  for (const head of selection) {
    for (let at = 0; at < area; at++) {
      const weight = Math.abs(weightAt(room, head * area + at));
      if (weight >= FAINT) buckets[Math.min(LEVELS - 1, Math.floor(weight * LEVELS))].push(head * area + at);
    }
  }
  return buckets;
}

/** The faintest level that is drawn while no token is pointed at: as many lines as can be told apart and drawn at once. */
export function faintest(buckets) {
  let level = LEVELS;
  for (let count = 0; level > 0 && count + buckets[level - 1].length <= MOST; level--) count += buckets[level - 1].length;
  return Math.min(level, LEVELS - 1);
}

/** Draw what can be seen: lines, labels, and beside the labels the weights of the token under the pointer. */
export function paint(room) {
  const started = performance.now();
  const { scroll, canvas } = room;
  const size = (room.size = measure(room));
  room.spacer.style.height = cssLength(size.height);
  const height = Math.min(size.height, room.limit);
  scroll.style.height = cssLength(height);
  const context = prepare(canvas, size.width, height);
  const top = scroll.scrollTop / drawingUnit() - 4;
  const y = (index) => (index + 0.5) * size.rowHeight - top;
  const layer = { context, y, height, size };
  room.root.dataset.lines = String(drawLines(room, layer));
  drawLabels(room, layer, "left");
  drawLabels(room, layer, "right");
  if (room.hover) drawWeights(room, layer);
  countDrawing(room, started);
}

/** The lines, one stroke for each head and level; with a token under the pointer only its own. Returns how many. */
function drawLines(room, { context, y, height, size }) {
  const { header, hover, selection } = room;
  const [area, keys] = [header.queries * header.keys, header.keys];
  const [from, to] = [size.left + 2, size.right - 2];
  let count = 0;
  context.lineWidth = size.rowHeight >= 20 && (hover || selection.length === 1) ? 2 : 1.4;
  room.buckets.forEach((bucket, level) => {
    if (!hover && level < room.faintest) return;
    const strokes = new Map();
    for (const code of bucket) {
      const query = Math.floor((code % area) / keys);
      const key = code % keys;
      if (hover && hover.index !== (hover.side === "left" ? query : key)) continue;
      const [start, end] = [y(query), y(key)];
      if ((start < 0 && end < 0) || (start > height && end > height)) continue;
      const head = Math.floor(code / area);
      const colour = lineColour(room, head, weightAt(room, code));
      if (!strokes.has(colour)) strokes.set(colour, []);
      strokes.get(colour).push([start, end]);
      count += 1;
    }
    context.globalAlpha = Math.min(1, (level + 0.6) / LEVELS);
    for (const [colour, ends] of strokes) {
      context.strokeStyle = colour;
      context.beginPath();
      for (const [start, end] of ends) {
        context.moveTo(from, start);
        context.lineTo(to, end);
      }
      context.stroke();
    }
  });
  context.globalAlpha = 1;
  return count;
}

/** One head alone wears the colour of its kind; several wear their tints; a change that of its sign. */
function lineColour(room, head, weight) {
  if (room.header.signed) return weight < 0 ? room.palette.negative : room.palette.positive;
  const kind = room.header.kind;
  return room.selection.length === 1 ? room.palette[kind] : room.palette.tints[kind][head];
}

/** The tokens of one side: pieces in ink, special ones soft; on the left also, softly, the piece being produced. */
function drawLabels(room, { context, y, height, size }, side) {
  const { header, palette, hover } = room;
  const tokens = header.tokens[side === "left" ? header.axes.rows : header.axes.columns];
  const produced = side === "left" && header.axes.produced ? header.tokens[header.axes.produced] : null;
  const special = new Set(tokens.special);
  context.font = `${size.font}px ${header.mono}`;
  context.textBaseline = "middle";
  const space = side === "left" ? size.read : size.label.right - 8;
  tokens.words.forEach((word, index) => {
    const at = y(index);
    if (at < -20 || at > height + 20) return;
    const strong = !hover || hover.side !== side || hover.index === index;
    if (hover && hover.side === side && hover.index === index) highlight(context, room, size, side, at);
    context.globalAlpha = strong ? 1 : 0.55;
    context.fillStyle = special.has(index) ? palette.soft : palette.ink;
    context.textAlign = side === "left" ? "right" : "left";
    const text = shorten(context, word, space);
    if (produced) drawStep(context, palette, size, text, shorten(context, produced.words[index], size.produced), at);
    else context.fillText(text, side === "left" ? size.left - 4 : size.right + 4, at);
  });
  context.globalAlpha = 1;
}

/** "read → produced", ending at the lines. */
function drawStep(context, palette, size, read, produced, at) {
  const start = size.left - 4 - size.produced;
  context.fillText(read, start - 24, at);
  context.fillStyle = palette.soft;
  context.textAlign = "center";
  context.fillText("→", start - 12, at);
  context.textAlign = "left";
  context.fillText(produced, start, at);
}

/** The chip behind the token under the pointer. */
function highlight(context, room, size, side, at) {
  context.fillStyle = room.palette.chip;
  const x = side === "left" ? size.left - size.label.left : size.right;
  context.beginPath();
  context.roundRect(x, at - size.rowHeight / 2 + 0.5, size.label[side], size.rowHeight - 1, 4);
  context.fill();
}

/** A word cut to a width, with an ellipsis; the measured width of one character serves for the guess. */
function shorten(context, word, width) {
  if (context.measureText(word).width <= width) return word;
  let most = Array.from(word).length;
  while (most > 2 && context.measureText(cut(word, most)).width > width) most -= 1;
  return cut(word, most);
}

/** Weights of the hovered token with every token of the other side: (token) -> {each: weight of each chosen head, mean}. */
export function weightsOf(room, index) {
  const { header, selection, hover } = room;
  const area = header.queries * header.keys;
  const at = hover.side === "left" ? hover.index * header.keys + index : index * header.keys + hover.index;
  const each = selection.map((head) => weightAt(room, head * area + at));
  return { each, mean: each.reduce((sum, weight) => sum + weight, 0) / (each.length || 1) };
}

/** Beside each token of the other side: one bar for each head, as strong as its weight, and the mean as a number. */
function drawWeights(room, { context, y, height, size }) {
  const { header, hover, selection, palette } = room;
  const away = hover.side === "left" ? 1 : -1;
  const start = hover.side === "left" ? size.right + size.label.right : size.left - size.label.left;
  const count = hover.side === "left" ? header.keys : header.queries;
  context.textBaseline = "middle";
  context.textAlign = away > 0 ? "left" : "right";
  context.font = `13px ${header.sans}`;
  for (let index = 0; index < count; index++) {
    const at = y(index);
    if (at < -20 || at > height + 20) continue;
    const { each, mean } = weightsOf(room, index);
    if (Math.abs(mean) < 0.005) continue;
    context.globalAlpha = 1;
    context.fillStyle = palette.ink;
    context.fillText(header.signed ? signed(mean) : number(mean), start + away * 6, at);
    if (size.narrow || selection.length < 2) continue;
    const bar = Math.min(7, 56 / each.length);
    each.forEach((weight, order) => {
      context.globalAlpha = Math.min(1, Math.abs(weight) ** 0.8);
      context.fillStyle = lineColour(room, selection[order], weight);
      const x = start + away * (40 + order * bar);
      context.fillRect(away > 0 ? x : x - bar + 1, at - size.rowHeight / 2 + 2, bar - 1, size.rowHeight - 4);
    });
  }
  context.globalAlpha = 1;
}
