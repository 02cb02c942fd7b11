// Blocks of a stage: runs of colours, rows with numbers, a table that grows, a matrix.

import { element, onWall, pointOn, prepare, widthInside } from "../shared/dom.js";
import { clamp, figure, largestSize, short } from "../shared/numbers.js";
import { css, mixSigned } from "../shared/ramps.js";
import { inkOn } from "../shared/theme.js";

const [STRIP, HIGH_STRIP, LOW_STRIP] = [36, 72, 26]; // pixels of the drawing: height of a strip or a row, on a large screen, on a wall
const AROUND = 600; // pixels of a screen that words and the page around the strips take
const [LINE, LOW_LINE] = [20, 15]; // of a line of the matrix, and of one on a wall
const ROOM = 40; // width of a cell with a number that can be read
const MOST = 48; // cells that are written, in as many lines as they need

/** The numbers of an array of the calculation; of one that has a row a key, that key's, or all when key is null. */
function numbers(room, name, key = room.focus) {
  const { start, shape, keyed } = room.header.arrays[name];
  const size = shape.reduce((product, length) => product * length, 1);
  const all = room.values.subarray(start, start + size);
  if (!keyed || key === null) return all;
  const width = size / shape[0];
  return all.subarray(key * width, (key + 1) * width);
}

/** Words with {key} and {name of an array} filled in. */
export function fill(room, text) {
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    if (name === "key") return named(room.header.keys, room.focus);
    const value = numbers(room, name)[0];
    return figure(value, name === "weights" ? 4 : 3);
  });
}

/** A token in quotes; one that occurs more than once is told apart by its place, from 1. */
function named(tokens, index) {
  const token = tokens[index];
  return `“${token}”${tokens.indexOf(token) === tokens.lastIndexOf(token) ? "" : ` (token ${index + 1})`}`;
}

/** How many cells of a run stand in a line: all, or so few that their numbers can be read. */
function cellsInLine(width, count) {
  return count > MOST ? count : Math.ceil(count / Math.ceil((count * ROOM) / width));
}

/** The strips of a stage share what a large screen has to spare. */
function stripHeight(count) {
  return onWall() ? LOW_STRIP : clamp(Math.floor((window.innerHeight - AROUND) / count), STRIP, HIGH_STRIP);
}

/** The place in a run of cells under a pointer. */
function cellAt(cells, count, event, height) {
  const [x, y] = pointOn(cells, event);
  const width = widthInside(cells);
  const most = cellsInLine(width, count);
  return clamp(Math.floor(y / height) * most + clamp(Math.floor((x / width) * most), 0, most - 1), 0, count - 1);
}

/** A run of cells: colours, and numbers where there is room. */
function paintRun(room, canvas, values, limit, height) {
  const width = widthInside(canvas.parentElement);
  if (!width) return;
  const most = cellsInLine(width, values.length);
  const lines = Math.ceil(values.length / most);
  const context = prepare(canvas, width, lines * height);
  for (let line = 0; line < lines; line += 1) {
    paintCells(room, context, values.subarray(line * most, (line + 1) * most), limit, { width, most, height });
    context.translate(0, height);
  }
}

/** One line of the matrix. */
function paintLine(room, canvas, values, limit) {
  const width = widthInside(canvas.parentElement);
  const height = onWall() ? LOW_LINE : LINE;
  if (width) paintCells(room, prepare(canvas, width, height), values, limit, { width, most: values.length, height });
}

/** One line of cells, for `most` of which there is room. */
function paintCells(room, context, values, limit, { width, most, height }) {
  const cell = width / most;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = `13px ${room.header.sans}`;
  const digits = [2, 1].find((count) => values.every((value) => context.measureText(short(value, count)).width < cell - 3));
  values.forEach((value, index) => {
    const share = limit > 0 ? clamp(value / limit, -1, 1) : 0;
    const colour = css(mixSigned(room.palette, share));
    context.fillStyle = colour;
    context.fillRect(index * cell, 0, Math.ceil(cell - (cell > 4 ? 1 : 0)), height - (most < MOST ? 1 : 0));
    if (digits === undefined) return;
    context.fillStyle = inkOn(colour);
    context.fillText(short(value, digits), (index + 0.5) * cell, height / 2 + 1);
  });
}

/** Largest size of a number among the blocks of a stage that share a colour scale. */
function limitOf(room, stage, scale) {
  const arrays = stage.blocks.filter((block) => block.scale === scale).map((block) => numbers(room, block.array));
  return largestSize(arrays.map(largestSize));
}

/** A strip or a row: sign, label, cells, and a total at the right. */
export function vectorBlock(room, stage, block) {
  const line = element("div", `vector ${block.type}`);
  const values = numbers(room, block.array);
  const height = () => stripHeight(stage.blocks.length);
  const label = fill(room, block.label);
  const cells = element("div", "cells", { role: "img", "aria-label": `${label}: ${values.length} numbers` });
  const canvas = element("canvas", "");
  cells.append(canvas);
  line.append(element("span", "sign", {}, block.sign), element("span", "label", { title: label }, label), cells);
  line.append(element("span", "total", {}, block.total ? fill(room, block.total) : ""));
  cells.addEventListener("pointermove", (event) => {
    const at = cellAt(cells, values.length, event, height());
    room.say(`${label}, dimension ${at}: ${figure(values[at], 4)}`);
  });
  cells.addEventListener("pointerleave", () => room.say(""));
  room.painters.push(() => paintRun(room, canvas, values, limitOf(room, stage, block.scale), height()));
  return line;
}

/** The weighted values of all keys, one line each, over the columns of the row below. */
export function matrixBlock(room, stage, block) {
  const [keys, width] = room.header.arrays[block.array].shape;
  const all = numbers(room, block.array, null);
  const limit = largestSize(all);
  const scroll = element("div", "matrix", { tabindex: "0", role: "img", "aria-label": `${keys} tokens × ${width} dimensions` });
  for (let key = 0; key < keys; key += 1) {
    const line = element("div", "vector line");
    line.classList.toggle("focus", key === room.focus);
    const cells = element("div", "cells");
    const canvas = element("canvas", "");
    cells.append(canvas);
    const weight = figure(numbers(room, "weights", key)[0], 2);
    const total = element("span", "total", {}, `× ${weight}`);
    line.append(element("span", "sign"), element("span", "label token", {}, room.header.keys[key]), cells, total);
    line.addEventListener("click", () => room.look(key));
    cells.addEventListener("pointermove", (event) => {
      const at = clamp(Math.floor((pointOn(cells, event)[0] / widthInside(cells)) * width), 0, width - 1);
      room.say(`“${room.header.keys[key]}”: weight × value, dimension ${at}: ${figure(all[key * width + at], 4)}`);
    });
    scroll.append(line);
    room.painters.push(() => paintLine(room, canvas, all.subarray(key * width, (key + 1) * width), limit));
  }
  return scroll;
}

/** One row a key; the last column also as bars. Masked keys are crossed out from the mask on. */
export function tableBlock(room, stage, block) {
  const box = element("div", "table", { tabindex: "0" });
  const table = element("table", "");
  const head = element("tr", "");
  head.append(
    element("th", "", {}, "key"),
    ...block.columns.map((column) => element("th", "number", {}, column.label)),
    element("th", ""),
  );
  table.append(head);
  const columns = block.columns.map((column) => ({ ...column, values: numbers(room, column.array, null) }));
  const last = columns[columns.length - 1];
  const bars = last.array === "allowed" ? columns[columns.length - 2] : last;
  const allowed = numbers(room, "allowed", null);
  const masks = columns.some((column) => column.array === "allowed");
  const limit = largestSize(bars.values);
  room.header.keys.forEach((key, index) => {
    const off = masks && !allowed[index];
    const row = element("tr", off ? "masked" : "");
    row.classList.toggle("focus", index === room.focus);
    row.append(element("td", "token", {}, key));
    columns.forEach((column) => {
      const look = `number${column === last ? " now" : ""}${column.array === "allowed" ? " mask" : ""}`;
      row.append(element("td", look, {}, cellText(column, index)));
    });
    row.append(barCell(room, off ? 0 : bars.values[index], limit, bars.array));
    row.addEventListener("click", () => room.look(index));
    table.append(row);
  });
  if (last.array === "exponents" || last.array === "weights") table.append(sumRow(room, columns));
  box.append(table);
  return box;
}

function cellText(column, index) {
  if (column.array === "allowed") return column.values[index] ? "open" : "−∞";
  return figure(column.values[index], column.array === "weights" ? 4 : 3);
}

function sumRow(room, columns) {
  const row = element("tr", "sum");
  const sums = {
    exponents: numbers(room, "denominator")[0],
    weights: numbers(room, "weights", null).reduce((sum, value) => sum + value, 0),
  };
  row.append(element("td", "", {}, "sum"));
  columns.forEach((column) => row.append(element("td", "number", {}, column.array in sums ? figure(sums[column.array], 4) : "")));
  row.append(element("td", ""));
  return row;
}

/** A bar from the left edge; from the middle where numbers can be negative. */
function barCell(room, value, limit, array) {
  const cell = element("td", "bar");
  const signed = ["dots", "scores", "biased"].includes(array);
  const share = limit > 0 ? Math.abs(value) / limit : 0;
  const bar = element("i", "");
  const half = signed ? 50 : 100;
  bar.style.width = `${share * half}%`;
  bar.style.left = `${signed ? (value < 0 ? 50 - share * 50 : 50) : 0}%`;
  bar.style.background = signed ? (value < 0 ? room.palette.negative : room.palette.positive) : room.palette[room.header.kind];
  cell.append(bar);
  return cell;
}
