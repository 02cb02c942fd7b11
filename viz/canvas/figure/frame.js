// What stands around and over the data: axes, titles, notes, boxes, scales and a legend.

import { pixelOf, ticksOf } from "./axes.js";
import { drawMarker } from "./marks.js";
import { colourOf, scaleOf } from "./scale.js";
import { drawMarkup, measure } from "./text.js";

const TIGHT = 1; // of a type size: labels under each other that are nearer are thinned
const LABEL = 4; // CSS pixels between an axis and its labels
const KEY = { width: 22, gap: 6, between: 16, line: 19 }; // CSS pixels of an entry of the legend

/** The font of a look, in what the figure has where it says nothing. */
export function fontOf(figure, look = {}) {
  const { layout } = figure;
  return { size: layout.font.size, family: layout.font.family, ...look, colour: look.color || layout.font.color };
}

/** Paper and grid, under the data. */
export function drawGround(context, figure) {
  const { axes, layout } = figure;
  for (const axis of Object.values(axes).filter((one) => !one.look.overlaying)) {
    const other = axes[axis.look.anchor] || axes[axis.letter === "x" ? "y" : "x"];
    if (axis.letter === "x" && layout.plot_bgcolor?.startsWith("#")) {
      context.fillStyle = layout.plot_bgcolor;
      context.fillRect(axis.start, other.start, axis.length, other.length);
    }
    if (axis.look.showgrid) for (const { at } of ticksOf(axis)) rule(context, axis, other, at, axis.look.gridcolor, 1);
  }
}

/** Zero lines, over the grid and under the data. */
export function drawZeros(context, { axes, data }) {
  for (const axis of Object.values(axes).filter((one) => one.look.zeroline && !one.log)) {
    const [from, to] = axis.range;
    if (from * to > 0) continue;
    const pairs = new Set(
      data
        .filter((part) => (part[`${axis.letter}axis`] || axis.letter) === axis.id)
        .map((part) => part[axis.letter === "x" ? "yaxis" : "xaxis"] || (axis.letter === "x" ? "y" : "x")),
    );
    for (const id of pairs)
      rule(context, axis, axes[id], pixelOf(axis, 0), axis.look.zerolinecolor, axis.look.zerolinewidth ?? 1);
  }
}

/** A line through the area at a place of an axis. */
function rule(context, axis, other, at, colour, width) {
  context.fillStyle = colour;
  const start = Math.round(at - width / 2);
  if (axis.letter === "x") context.fillRect(start, other.start, width, other.length);
  else context.fillRect(other.start, start, other.length, width);
}

/** Lines, labels and titles of the axes. */
export function drawAxes(context, figure) {
  for (const axis of Object.values(figure.axes)) {
    const other = figure.axes[axis.look.anchor] || figure.axes[axis.letter === "x" ? "y" : "x"];
    if (axis.look.showline && axis.letter === "x") {
      Object.assign(context, { strokeStyle: axis.look.linecolor, lineWidth: 1 });
      context.strokeRect(axis.start - 0.5, other.start - 0.5, axis.length + 1, other.length + 1);
    }
    const room =
      axis.look.showticklabels === false ? 0 : (axis.letter === "x" ? labelsAcross : labelsDown)(context, figure, axis, other);
    if (axis.look.title?.text) drawTitle(context, figure, axis, other, room);
  }
}

/** Labels of a horizontal axis. Returns the room that they take, CSS pixels. */
function labelsAcross(context, figure, axis, other) {
  const font = fontOf(figure, axis.look.tickfont);
  const above = axis.look.side === "top";
  const y = above ? other.start - LABEL : other.start + other.length + LABEL;
  const all = ticksOf(axis);
  const angle = axis.look.tickangle ?? (crowded(all, sizesOf(context, all, font)) ? 30 : 0);
  const ticks = axis.look.tickvals && !axis.log ? thinned(context, all, font, angle) : all;
  const sizes = sizesOf(context, ticks, font);
  const turned = (angle * Math.PI) / 180;
  ticks.forEach(({ at, text }) => {
    const across = angle === 0 ? 0.5 : angle < 0 === above ? 0 : 1;
    const shift = angle === 0 ? 0 : (above ? -1 : 1) * Math.abs(Math.cos(turned)) * 0.5 * font.size;
    drawMarkup(context, text, font, { x: at, y: y + shift, across, down: angle === 0 ? (above ? 1 : 0) : 0.5, angle });
  });
  const tall = ({ width, height }) => Math.abs(Math.sin(turned)) * width + Math.abs(Math.cos(turned)) * height;
  return Math.max(0, ...sizes.map(tall)) + LABEL;
}

function sizesOf(context, ticks, font) {
  return ticks.map(({ text }) => measure(context, text, font));
}

/** Every so many of the labels that none is printed over the next. */
function thinned(context, ticks, font, angle) {
  const gap = ticks.length > 1 ? Math.abs(ticks[1].at - ticks[0].at) : Infinity;
  const wide = Math.max(0, ...sizesOf(context, ticks, font).map(({ width }) => width));
  const needs = angle ? font.size / Math.abs(Math.sin((angle * Math.PI) / 180)) - 2 : wide + 2;
  const step = Math.ceil(needs / gap) || 1;
  return ticks.filter((_, at) => at % step === 0);
}

/** Every so many of the labels of a vertical axis that none stands on the next. */
function everyOther(ticks, font) {
  const gap = ticks.length > 1 ? Math.abs(ticks[1].at - ticks[0].at) : Infinity;
  const step = Math.ceil((TIGHT * font.size) / gap) || 1;
  return ticks.filter((_, at) => at % step === 0);
}

/** Whether labels that stand upright would touch. */
function crowded(ticks, sizes) {
  return ticks.some(
    ({ at }, index) => index && Math.abs(at - ticks[index - 1].at) < (sizes[index].width + sizes[index - 1].width) / 2 + 4,
  );
}

/** Labels of a vertical axis. Returns the room that they take, CSS pixels. */
function labelsDown(context, figure, axis, other) {
  const font = fontOf(figure, axis.look.tickfont);
  const right = axis.look.side === "right";
  const room = LABEL + (axis.look.ticklabelstandoff || 0);
  const x = right ? other.start + other.length + room : other.start - room;
  let wide = 0;
  for (const { at, text } of everyOther(ticksOf(axis), font)) {
    drawMarkup(context, text, font, { x, y: at, across: right ? 0 : 1, down: 0.5 });
    wide = Math.max(wide, measure(context, text, font).width);
  }
  return wide + room;
}

function drawTitle(context, figure, axis, other, room) {
  const { title, side } = axis.look;
  const font = fontOf(figure, title.font);
  const middle = axis.start + axis.length / 2;
  if (axis.letter === "x") {
    const place = side === "top" ? { y: other.start - room - 2, down: 1 } : { y: other.start + other.length + room + 2, down: 0 };
    drawMarkup(context, title.text, font, { x: middle, across: 0.5, ...place });
  } else {
    const x = side === "right" ? other.start + other.length + room + 0.9 * font.size : other.start - room - 0.9 * font.size;
    const edge = side === "right" ? Math.min(x, figure.size.width - 0.7 * font.size) : Math.max(x, 0.7 * font.size);
    drawMarkup(context, title.text, font, { x: edge, y: middle, across: 0.5, down: 0.5, angle: side === "right" ? 90 : -90 });
  }
}

/** The area inside the margins, CSS pixels. */
function areaOf({ layout, size }) {
  const { l = 8, r = 8, t = 8, b = 8 } = layout.margin || {};
  return { x: l, y: t, width: size.width - l - r, height: size.height - t - b };
}

/** The pixel of a coordinate: on an axis ("x2"), on a share of one ("x2 domain"), or on a share of the whole area ("paper"). */
function coordinate(figure, letter, ref = letter, value) {
  const area = areaOf(figure);
  const [id, domain] = ref.split(" ");
  if (id === "paper") return letter === "x" ? area.x + value * area.width : area.y + (1 - value) * area.height;
  const axis = figure.axes[id];
  if (domain) return axis.start + axis.length * (letter === "x" ? value : 1 - value);
  return pixelOf(axis, value);
}

/** Boxes and lines. */
export function drawShapes(context, figure) {
  for (const { type, line = {}, xref, yref, x0, x1, y0, y1, fillcolor } of figure.layout.shapes || []) {
    const [left, right] = [x0, x1].map((value) => coordinate(figure, "x", xref, value));
    const [top, bottom] = [y0, y1].map((value) => coordinate(figure, "y", yref, value));
    Object.assign(context, { strokeStyle: line.color || figure.layout.font.color, lineWidth: line.width ?? 2 });
    context.setLineDash(line.dash === "dot" ? [2, 3] : line.dash ? [6, 4] : []);
    context.beginPath();
    if (type === "rect")
      context.rect(Math.min(left, right), Math.min(top, bottom), Math.abs(right - left), Math.abs(bottom - top));
    else {
      context.moveTo(left, top);
      context.lineTo(right, bottom);
    }
    if (fillcolor) Object.assign(context, { fillStyle: fillcolor }).fill();
    context.stroke();
    context.setLineDash([]);
  }
}

/** A place on an axis: Plotly gives notes, and notes alone, in logarithms where the axis is one. */
function unlogged(figure, ref, value) {
  return figure.axes[ref]?.log ? 10 ** value : value;
}

/** Notes. Returns those that have something to say to the pointer: {box, text}. */
export function drawNotes(context, figure) {
  const hovers = [];
  for (const note of figure.layout.annotations || []) {
    const font = fontOf(figure, note.font);
    const { width, height } = measure(context, note.text, font);
    const across = { left: 0, center: 0.5, right: 1 }[note.xanchor] ?? third(note.xref, note.x);
    const down =
      { top: 0, middle: 0.5, bottom: 1 }[note.yanchor] ??
      (note.yref && /paper|domain/.test(note.yref) ? 1 - third(note.yref, note.y) : 0.5);
    const [x, y] = [
      coordinate(figure, "x", note.xref, unlogged(figure, note.xref ?? "x", note.x)) + (note.xshift || 0),
      coordinate(figure, "y", note.yref, unlogged(figure, note.yref ?? "y", note.y)) - (note.yshift || 0),
    ];
    const pad = note.borderpad ?? 1;
    const box = {
      x: x - across * (width + 2 * pad),
      y: y - down * (height + 2 * pad),
      width: width + 2 * pad,
      height: height + 2 * pad,
    };
    if (note.bgcolor) {
      context.fillStyle = note.bgcolor;
      context.fillRect(box.x, box.y, box.width, box.height);
    }
    drawMarkup(context, note.text, font, { x: box.x + pad + width * across, y: box.y + pad, across, down: 0 });
    if (note.hovertext) hovers.push({ box, text: note.hovertext });
  }
  return hovers;
}

/** Where a note without an anchor hangs: at its left, its middle or its right, by the third that it stands in. */
function third(ref = "", share = 0.5) {
  if (!/paper|domain/.test(ref)) return 0.5;
  return share < 1 / 3 ? 0 : share > 2 / 3 ? 1 : 0.5;
}

/** The scales of the parts, with their ends. */
export function drawScales(context, figure) {
  const met = new Set();
  for (const part of figure.data) {
    const scale = scaleOf(part, figure.layout);
    if (!scale?.bar || met.has(scale.bar)) continue;
    met.add(scale.bar);
    drawScale(context, figure, scale);
  }
}

function drawScale(context, figure, scale) {
  const { bar, least, most } = scale;
  const area = areaOf(figure);
  const [left, wide] = bar.xref === "paper" ? [area.x, area.width] : [0, figure.size.width];
  const x = left + (bar.x ?? 0) * wide + (bar.xpad ?? 10);
  const y = (bar.yref === "paper" ? area.y : figure.layout.lower || 0) + (bar.ypad ?? 10);
  const [width, height] = [bar.len - 2 * (bar.xpad ?? 10), bar.thickness];
  for (let at = 0; at < width; at++) {
    context.fillStyle = colourOf(scale, least + ((most - least) * at) / (width - 1)).fill;
    context.fillRect(x + at, y, 1.5, height);
  }
  Object.assign(context, { strokeStyle: bar.outlinecolor, lineWidth: bar.outlinewidth ?? 1 });
  context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
  const font = fontOf(figure, bar.tickfont);
  const ends = { id: "x", letter: "x", look: bar, names: [], log: false, range: [least, most], start: x, length: width };
  for (const { at, text } of ticksOf(ends)) {
    const half = measure(context, text, font).width / 2;
    drawMarkup(context, text, font, { x: Math.max(at, half + 1), y: y + height + 1, across: 0.5, down: 0 });
  }
}

/** What the colours and marks of the parts mean: entries from the left, line above line. */
export function drawLegend(context, figure) {
  const { legend = {}, showlegend } = figure.layout;
  if (!showlegend) return;
  const font = fontOf(figure, legend.font);
  const area = areaOf(figure);
  /** @type {any[][]} */
  const lines = [[]];
  let left = 0;
  for (const part of figure.data.filter((one) => one.showlegend !== false && one.name)) {
    const width = KEY.width + KEY.gap + measure(context, part.name, font).width;
    if (left && left + width > area.width) [left] = [0, lines.push([])];
    lines[lines.length - 1].push({ part, left });
    left += width + KEY.between;
  }
  const bottom = area.y + (1 - (legend.y ?? 1)) * area.height;
  lines.forEach((line, at) =>
    line.forEach(({ part, left: start }) => {
      const y = bottom - KEY.line * (lines.length - at) + KEY.line / 2;
      drawKey(context, figure, part, area.x + start, y);
      drawMarkup(context, part.name, font, { x: area.x + start + KEY.width + KEY.gap, y, across: 0, down: 0.5 });
    }),
  );
}

function drawKey(context, figure, part, x, y) {
  const middle = x + KEY.width / 2;
  if (part.mode?.includes("lines")) {
    Object.assign(context, { strokeStyle: part.line?.color || figure.layout.font.color, lineWidth: part.line?.width ?? 2 });
    context.setLineDash(part.line?.dash === "dot" ? [2, 3] : []);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + KEY.width, y);
    context.stroke();
    context.setLineDash([]);
  }
  if (part.mode?.includes("markers")) drawMarker(context, figure, part, 0, [middle, y]);
  if (part.type !== "bar") return;
  context.fillStyle = typeof part.marker?.color === "string" ? part.marker.color : figure.layout.font.color;
  context.fillRect(middle - 6, y - 5, 12, 10);
}
