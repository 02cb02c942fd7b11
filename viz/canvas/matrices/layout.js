// Where the cells and labels of a matrix stand.

import { contextOf, cssLength, element } from "../shared/dom.js";
import { cut } from "../shared/words.js";
import { stateCode } from "./states.js";

export const SLANT = (55 * Math.PI) / 180; // how steeply column labels rise
const TALLEST_MATRIX = 720; // pixels of the drawing
export const LABEL = 13; // of a label
const LOWEST = 6; // pixels of the drawing: a row where there is little room
const TITLE = 24; // of the drawing: the line over a matrix that has a title
const LONGEST_LABEL = 16; // characters
const ROOM_FOR_BOTH = 14; // characters: with less room rows are called by what they produce alone

/** The label of a row or column in two parts: what is read (soft), and the token itself. */
function labelParts(panel, axis, index) {
  const { axes, tokens, rows } = panel.matrix;
  const most = panel.longest[axis];
  if (axis === "columns" || !axes.produced) return ["", cut(tokens[axes[axis]].labels[index], Math.min(most, LONGEST_LABEL))];
  const [read, output] = [tokens[axes.rows].labels[index], tokens[axes.produced].labels[index]];
  if (rows > 60 || most < ROOM_FOR_BOTH) return ["", cut(output, Math.min(most, LONGEST_LABEL))];
  const short = cut(output, Math.min(LONGEST_LABEL, Math.max(most - 3 - Array.from(read).length, Math.ceil((most - 3) / 2))));
  return [`${cut(read, Math.min(LONGEST_LABEL, most - 3 - Array.from(short).length))} → `, short];
}

/** Whether the token of a row or column is a special one. */
function isSpecial(panel, axis, index) {
  const { axes, tokens } = panel.matrix;
  return tokens[axis === "rows" ? axes.produced || axes.rows : axes[axis]].special.includes(index);
}

/** Every how many rows or columns of `size` pixels a label of `room` pixels fits. */
function thinning(size, room) {
  return [1, 2, 5, 10, 20, 50, 100, 200].find((step) => step * size >= room) || 500;
}

/** Where everything of one panel stands, pixels of the drawing. */
export function layOut(room, panel, width) {
  const { rows, columns } = panel.matrix;
  const context = contextOf(room.ruler);
  context.font = `${LABEL}px ${room.header.mono}`;
  const letter = context.measureText("m").width;
  const free = { rows: width * 0.3 - 12, columns: (width * 0.2 - 8) / Math.cos(SLANT) }; // the matrix keeps half of the width
  panel.longest = { rows: Math.max(9, Math.floor(free.rows / letter)), columns: Math.max(6, Math.floor(free.columns / letter)) };
  const widest = (axis, count) => {
    let most = 0;
    for (let at = 0; at < count; at++) most = Math.max(most, context.measureText(labelParts(panel, axis, at).join("")).width);
    return most;
  };
  const left = Math.ceil(widest("rows", rows)) + 12;
  const rise = widest("columns", columns);
  const top = Math.ceil(rise * Math.sin(SLANT)) + 16;
  const last = context.measureText(labelParts(panel, "columns", columns - 1).join("")).width;
  const overhang = Math.ceil(last * Math.cos(SLANT)) + 8;
  const across = Math.min(room.header.cell, Math.max(1, width - left - overhang) / columns);
  const tallest = Math.min(TALLEST_MATRIX, Math.max(LOWEST * rows, room.below - top - (panel.matrix.title ? TITLE : 0)));
  const down = Math.min(Math.max(across, 17, top / rows), tallest / rows); // and half of the height
  panel.size = { left, top, across, down, width: left + across * columns + overhang, height: top + down * rows + 2 };
}

/** Labels as text, thinned out where there is no room for all. */
export function writeLabels(room, panel) {
  const { left, top, across, down, width } = panel.size;
  const rowStep = thinning(down, LABEL + 2);
  const columnStep = thinning(across, LABEL + 3);
  const spans = [];
  const add = (axis, index, place) => {
    const [soft, text] = labelParts(panel, axis, index);
    const label = element("span", `label ${axis}`, { dir: "auto" });
    label.append(element("span", "soft", {}, soft), element("span", isSpecial(panel, axis, index) ? "soft" : "", {}, text));
    label.classList.toggle("gone", isGone(room, panel, axis, index));
    Object.assign(label.style, place, { fontSize: cssLength(LABEL), lineHeight: cssLength(16) });
    spans.push(label);
  };
  for (let row = 0; row < panel.matrix.rows; row += rowStep) {
    add("rows", row, { right: cssLength(width - left + 6), top: cssLength(top + (row + 0.5) * down - 8) });
  }
  for (let column = 0; column < panel.matrix.columns; column += columnStep) {
    add("columns", column, { left: cssLength(left + (column + 0.5) * across), top: cssLength(top - 12) });
  }
  panel.labels.replaceChildren(...spans);
}

/** Whether a token is hidden, or its row cut as a whole. */
export function isGone(room, panel, axis, index) {
  const { rows, columns, axes } = panel.matrix;
  const has = (at, name) => panel.codes[at] === stateCode(room, name);
  if (axis === "rows") {
    if (Array.from({ length: columns }, (_, at) => index * columns + at).some((at) => has(at, "row-cut"))) return true;
    if (axes.produced) return false; // it is named after a token that no column hides
  }
  return Array.from({ length: rows }, (_, at) => at * columns + index).some((at) => has(at, "hidden"));
}
