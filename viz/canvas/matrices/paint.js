// The brush: strokes that cut links or restore them.

import { drawPanel } from "./draw.js";
import { stateCode, stateOf } from "./states.js";

/** Begin to cut or, from a cut cell, to restore. False where painting does nothing. */
export function begin(room, { panel, row, column }) {
  const state = stateOf(room, panel.codes[row * panel.matrix.columns + column]);
  if (state && !["cut", "cut-all"].includes(state)) return false;
  room.stroke = { panel, cut: state === null, before: new Map(), last: { row, column } };
  paintTo(room, { panel, row, column });
  return true;
}

/** Paint every cell between the last point of the stroke and this one; they show at once. */
export function paintTo(room, place) {
  const { stroke } = room;
  if (!place || place.panel !== stroke.panel || place.row < 0 || place.column < 0) return;
  const [down, across] = [place.row - stroke.last.row, place.column - stroke.last.column];
  const steps = Math.max(Math.abs(down), Math.abs(across), 1);
  for (let step = 0; step <= steps; step++) {
    paintCell(
      room,
      stroke.last.row + Math.round((down * step) / steps),
      stroke.last.column + Math.round((across * step) / steps),
    );
  }
  stroke.last = { row: place.row, column: place.column };
  cancelAnimationFrame(room.frame);
  room.frame = requestAnimationFrame(() => drawPanel(room, place.panel));
}

function paintCell(room, row, column) {
  const { panel, cut, before } = room.stroke;
  const at = row * panel.matrix.columns + column;
  const state = stateOf(room, panel.codes[at]);
  const changes = cut ? state === null : ["cut", "cut-all"].includes(state);
  if (before.has(at) || !changes) return;
  before.set(at, panel.codes[at]);
  panel.codes[at] = stateCode(room, cut ? "cut" : "restored");
}

/** One message for the whole stroke. */
export function endStroke(room) {
  const { stroke } = room;
  room.stroke = null;
  if (!stroke) return;
  const { columns } = stroke.panel.matrix;
  const cells = [...stroke.before.keys()].map((at) => [Math.floor(at / columns), at % columns]);
  if (cells.length) room.report("paint", { cells, cut: stroke.cut });
}

export function cancelStroke(room) {
  if (!room.stroke) return;
  const { panel, before } = room.stroke;
  for (const [at, code] of before) panel.codes[at] = code;
  room.stroke = null;
  drawPanel(room, panel);
}
