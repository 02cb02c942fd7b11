// What answers the pointer and the keyboard in the matrices: tooltip, linked frames, clicks.

import { hasKeyboard } from "../shared/cursor.js";
import { placeBox, pointOn } from "../shared/dom.js";
import { clamp, difference, number } from "../shared/numbers.js";
import { showTip } from "../shared/tooltip.js";
import { quoted, reader } from "../shared/words.js";
import { isGone, SLANT } from "./layout.js";
import { begin, endStroke, paintTo } from "./paint.js";
import { stateOf, valueOf } from "./states.js";

/** Where a point of a panel is: {panel, row, column}; -1 for the column of a row's label and the row of a column's label. */
function find(panel, event) {
  const { left, top, across, down } = panel.size;
  const [x, y] = pointOn(panel.area, event);
  const row = Math.floor((y - top) / down);
  const slanted = y < top - 4 ? x - (top - 4 - y) / Math.tan(SLANT) : x; // labels of columns lean to the right
  const column = Math.floor((slanted - left) / across);
  const [inRow, inColumn] = [row >= 0 && row < panel.matrix.rows, column >= 0 && column < panel.matrix.columns];
  if (inRow && inColumn) return { panel, row, column };
  if (inRow && x < left) return { panel, row, column: -1 };
  if (y < top && inColumn) return { panel, row: -1, column };
  return null;
}

export function inside(room, { at, row, column }) {
  const matrix = room.header.matrices[at];
  return Boolean(matrix) && row < matrix.rows && column < matrix.columns;
}

/** The number in a cell, or why there is none. */
function valueText(room, panel, row, column) {
  const code = panel.codes[row * panel.matrix.columns + column];
  const name = stateOf(room, code);
  if (!name) return (panel.matrix.signed ? difference : number)(valueOf(panel, code));
  const state = room.header.states.find((item) => item.name === name);
  const hint = room.header.paints && state.hint ? `; ${state.hint}` : "";
  return `${name === "blank" ? "–" : "nothing"} (${state.words}${hint})`;
}

/** A cell, a row or a column in words. */
function placeText(room, { panel, row, column }) {
  const { axes, tokens, signed } = panel.matrix;
  const whom = column >= 0 ? quoted(tokens[axes.columns], column) : "";
  if (row >= 0 && column >= 0) {
    const what = signed ? "difference" : "attends to";
    return `${reader(panel.matrix, axes, row, row + 1)} ${signed ? `to ${whom}, ${what}` : `${what} ${whom}`}: ${valueText(room, panel, row, column)}`;
  }
  const axis = row >= 0 ? "row" : "column";
  const who = axis === "row" ? reader(panel.matrix, axes, row, row + 1).replace(/:$/, "") : whom;
  const hint = room.header.hints[isGone(room, panel, `${axis}s`, Math.max(row, column)) ? `${axis} back` : axis];
  return `${axis === "row" ? "Row" : "Column"} ${Math.max(row, column) + 1}, ${who}${hint ? `: ${hint}` : ""}`;
}

/** The counterpart of a place in another panel; -1 where there is none. */
function counterpart(place, panel) {
  const [rows, columns] = place.panel.matrix.links;
  if (place.panel === panel) return place;
  return { panel, row: panel.places[0].get(rows[place.row]) ?? -1, column: panel.places[1].get(columns[place.column]) ?? -1 };
}

export function onPointer(room, panel, event) {
  room.pointer = { panel, clientX: event.clientX, clientY: event.clientY };
  if (room.stroke) paintTo(room, find(panel, event));
  point(room);
}

export function leave(room) {
  if (room.stroke) return;
  room.pointer = null;
  point(room);
}

/** Show what is under the pointer: also after a redraw, when the picture changed beneath it. */
export function point(room) {
  const { pointer, tip, root } = room;
  room.hover = pointer ? find(pointer.panel, pointer) : null;
  frames(room);
  root.dataset.hover = room.hover ? placeText(room, room.hover) : "";
  const texts = room.hover && [room.hover.panel.matrix.title, root.dataset.hover, otherText(room, room.hover)];
  showTip(tip, pointer, texts);
}

/** What the counterparts of a cell in the other panels hold. */
function otherText(room, place) {
  if (place.row < 0 || place.column < 0) return "";
  const parts = room.panels
    .filter((panel) => panel !== place.panel)
    .map((panel) => {
      const { row, column } = counterpart(place, panel);
      return `${panel.matrix.title}: ${row < 0 || column < 0 ? "no counterpart" : valueText(room, panel, row, column)}`;
    });
  return parts.join(" · ");
}

/** Frame the hovered row, column and cell, and their counterparts, in all panels; and the keyboard's cell. */
export function frames(room) {
  const { root, cursor } = room;
  const focused = cursor && hasKeyboard(root);
  const place = room.hover || (focused ? { ...cursor, panel: room.panels[cursor.at] } : null);
  for (const panel of room.panels) {
    const { row, column } = place ? counterpart(place, panel) : { row: -1, column: -1 };
    const { rows, columns } = panel.matrix;
    frame(panel, 0, row >= 0, row, 0, 1, columns);
    frame(panel, 1, column >= 0, 0, column, rows, 1);
    frame(panel, 2, row >= 0 && column >= 0, row, column, 1, 1);
    const mine = focused && cursor.at === panel.at;
    frame(panel, 3, mine, mine ? cursor.row : 0, mine ? cursor.column : 0, 1, 1);
    panel.root.dataset.framed = place ? `${row},${column}` : "";
  }
}

/** Put one frame around cells, or away. A row or column of -1 is that of the labels. */
function frame(panel, index, visible, row, column, down, across) {
  const { size } = panel;
  const [x, width] = column < 0 ? [0, size.left - 3] : [size.left + column * size.across, across * size.across];
  const [y, height] = row < 0 ? [0, size.top - 3] : [size.top + row * size.down, down * size.down];
  placeBox(panel.frames[index], visible ? { x, y, width, height } : null);
}

/** Frame the cell that Python marks. */
export function markCell(panel) {
  const { mark } = panel.matrix;
  frame(panel, 4, Boolean(mark), ...(mark || [0, 0]), 1, 1);
}

/** A click with the tool "look" reports the cell; with the brush a label was clicked (cells answer to the stroke). */
export function onClick(room, panel, event) {
  const place = find(panel, event);
  if (place && (!room.header.paints || place.row < 0 || place.column < 0)) act(room, place);
}

/** What a click or Enter does at a place. */
function act(room, { panel, row, column }) {
  if (row >= 0 && column >= 0 && room.header.paints) {
    if (begin(room, { panel, row, column })) endStroke(room);
  } else if (row >= 0 && column >= 0) {
    if (panel.matrix.opens) room.report("cell", { matrix: panel.at, query: row, key: column });
  } else if (room.header.paints) {
    room.report("token", { axis: row >= 0 ? "row" : "column", index: Math.max(row, column) });
  }
}

export function startStroke(room, panel, event) {
  if (!room.header.paints || event.button !== 0) return;
  const place = find(panel, event);
  if (!place || place.row < 0 || place.column < 0) return;
  if (begin(room, place)) panel.area.setPointerCapture(event.pointerId);
  event.preventDefault();
  room.root.focus({ preventScroll: true });
}

/** Where the keyboard is: its cursor, else the first cell. */
export function cursorOf(room) {
  return room.cursor || { at: 0, row: 0, column: 0 };
}

/** Do what a click does where the keyboard is. */
export function actAtCursor(room) {
  const { at, row, column } = cursorOf(room);
  act(room, { panel: room.panels[at], row, column });
}

/** Move the keyboard's cursor and say where it is. */
export function moveTo(room, cursor) {
  room.cursor = cursor;
  room.live.textContent = placeText(room, { ...cursor, panel: room.panels[cursor.at] });
  frames(room);
  room.root.dataset.cursor = [cursor.at, cursor.row, cursor.column].join();
}

/** One step of the cursor: over cells, from one matrix to the next, and with the brush to the labels. */
export function moveCursor(room, down, across) {
  const { at, row, column } = cursorOf(room);
  const { rows, columns } = room.panels[at].matrix;
  const least = room.header.paints ? -1 : 0;
  const leaves = (across === 1 && column === columns - 1) || (across === -1 && column === 0 && least === 0);
  const next = leaves ? room.panels[at + across] : null;
  if (next)
    return moveTo(room, {
      at: next.at,
      row: Math.min(row, next.matrix.rows - 1),
      column: across === 1 ? 0 : next.matrix.columns - 1,
    });
  const lowest = Math.abs(across) > 1 ? 0 : least; // Home goes to the first cell, not to its label
  const to = { row: clamp(row + down, least, rows - 1), column: clamp(column + across, lowest, columns - 1) };
  moveTo(room, { at, ...(to.row < 0 && to.column < 0 ? { row, column } : to) });
}
