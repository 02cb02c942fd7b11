// Why cells have no weight: codes, colours and marks of the states that Python names.

import { pixel } from "../shared/ramps.js";
import { channels } from "../shared/theme.js";
import { changeOf, weightOf } from "../shared/unpack.js";

const CUT_BY_READER = ["cut", "cut-all", "hidden", "row-cut"];
const STATE_CODES = 65536; // code of state n (from 1): this minus n

/** Name of the state of a code, or null for a value. */
export function stateOf(room, code) {
  return room.header.states[STATE_CODES - 1 - code]?.name || null;
}

/** Code of a state by its name. */
export function stateCode(room, name) {
  return STATE_CODES - 1 - room.header.states.findIndex((state) => state.name === name);
}

/** The value of a code: 0..1, or -1..1 where the matrix is signed. */
export function valueOf(panel, code) {
  return (panel.matrix.signed ? changeOf : weightOf)(code);
}

/** Whether cells are too small for marks: then a state is told by its colour alone. */
export function isSmall(room) {
  return room.panels.some((panel) => Math.min(panel.size.across, panel.size.down) < 5);
}

/** The colour under a state; where cells are small, what the reader cut is dark and a blank is not the colour of zero. */
export function stateColour(room, name) {
  const { palette } = room;
  if (isSmall(room)) return CUT_BY_READER.includes(name) ? palette.soft : name === "blank" ? palette.line : palette.chip;
  return ["blank", "restored"].includes(name) ? palette.card : palette.chip;
}

/** The codes of what the reader cut, and the colour of each state's code as a 32-bit pixel. */
export function flatColours(room) {
  const strong = new Set(CUT_BY_READER.map((name) => stateCode(room, name)));
  return {
    strong,
    colours: new Map(room.header.states.map(({ name }) => [stateCode(room, name), pixel(channels(stateColour(room, name)))])),
  };
}

/** What tells the states apart inside one cell: a cross for a cut link, a hatch for a hidden token, a thin hatch for a blank. */
export function drawState(room, context, state, x, y, width, height) {
  const { palette } = room;
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.strokeStyle = state === "blank" ? palette.line : palette.ink;
  context.lineWidth = state === "cut-all" ? 2.2 : 1.1;
  context.beginPath();
  if (state === "cut" || state === "cut-all") traceCross(context, x, y, width, height);
  else if (["hidden", "row-cut", "blank"].includes(state)) {
    context.globalAlpha = state === "blank" ? 1 : 0.45;
    traceHatch(context, x, y, width, height);
  } else if (state === "restored") {
    context.globalAlpha = 0.6;
    context.setLineDash([2, 2]);
    context.rect(x + 2.5, y + 2.5, Math.max(0, width - 5), Math.max(0, height - 5));
  }
  context.stroke();
  context.restore();
}

function traceCross(context, x, y, width, height) {
  const inset = Math.min(width, height) * 0.25;
  context.moveTo(x + inset, y + inset);
  context.lineTo(x + width - inset, y + height - inset);
  context.moveTo(x + width - inset, y + inset);
  context.lineTo(x + inset, y + height - inset);
}

/** Lines x + y = constant: they go on from cell to cell. */
function traceHatch(context, x, y, width, height) {
  const first = Math.ceil((x + y) / 6) * 6;
  for (let sum = first; sum <= x + y + width + height; sum += 6) {
    context.moveTo(sum - y, y);
    context.lineTo(sum - y - height, y + height);
  }
}
