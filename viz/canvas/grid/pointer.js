// What answers the pointer and the keyboard in the grid of heads: tooltip, frames, opening.

import { hasKeyboard } from "../shared/cursor.js";
import { placeBox, pointOn } from "../shared/dom.js";
import { clamp, signed } from "../shared/numbers.js";
import { showTip } from "../shared/tooltip.js";
import { coarseText } from "../shared/unpack.js";
import { quotedRange, reader } from "../shared/words.js";
import { GAP, keyOf, NEW, placeAt, ROW_LABEL, squareOf, UNCHANGED } from "./draw.js";

/** The head and cell under a point of one kind's canvas, or null: {section, layer, head, place, row, column}; layer and head: its square. */
function find(section, x, y) {
  const { kind, size } = section;
  const layer = Math.floor((y - size.top) / size.step);
  const head = Math.floor((x - ROW_LABEL) / (size.cell + GAP));
  if (layer < 0 || head < 0 || layer >= kind.layers || head >= kind.heads) return null;
  const place = placeAt(kind, layer, head);
  if (!place) return null;
  const box = section.boxes(layer, head);
  const [across, down] = [(x - box.x) / box.width, (y - box.y) / box.height];
  if (across < 0 || across >= 1 || down < 0 || down >= 1) return null;
  return { section, layer, head, place, row: Math.floor(down * kind.rows), column: Math.floor(across * kind.columns) };
}

/** The name of a head, as people count: from 1. */
function headName(grid, kind, layer, head) {
  const key = keyOf(kind.name, layer, head);
  const off = grid.header.off.some((item) => keyOf(...item) === key);
  const star = (grid.header.star || []).join() === key;
  return `${kind.long}, layer ${layer + 1}, head ${head + 1}${off ? " (switched off)" : ""}${star ? " ★ alignment head" : ""}`;
}

/** A cell in words: who attends to whom, and how much; a pooled cell says "up to" and names its range. */
function cellText(grid, { section, layer, head, row, column }) {
  const { kind, start } = section;
  const from = bin(row, kind.rows, kind.queries);
  const to = bin(column, kind.columns, kind.keys);
  const code = grid.values[start + ((layer * kind.heads + head) * kind.rows + row) * kind.columns + column];
  const most = kind.rows < kind.queries || kind.columns < kind.keys ? "up to " : "";
  const who = reader(grid.header, kind.axes, ...from);
  const whom = quotedRange(grid.header.tokens[kind.axes.columns], ...to);
  if (!grid.header.signed) return `${who} attends to ${whom}: ${most}${coarseText(code)}`;
  if (code === NEW) return `${who} and ${whom}: a new token, nothing to compare with`;
  return `${who} attends to ${whom}: change ${most}${signed((code - UNCHANGED) / 100)}`;
}

/**
 * First and one-past-last position of bin `index` of `bins` over `size` positions.
 * @returns {[number, number]}
 */
function bin(index, bins, size) {
  return [Math.floor((index * size) / bins), Math.ceil(((index + 1) * size) / bins)];
}

export function onPointer(grid, { clientX, clientY }) {
  grid.pointer = { clientX, clientY };
  point(grid);
}

export function leave(grid) {
  grid.pointer = null;
  point(grid);
}

/** Show what is under the pointer: also after a redraw, when the sentence changed beneath it. */
export function point(grid) {
  const { pointer, tip, root } = grid;
  grid.hover = null;
  for (const section of pointer ? grid.sections : []) {
    grid.hover ||= find(section, ...pointOn(section.area, pointer));
  }
  frames(grid);
  if (grid.hover) tip.children[0].style.color = grid.palette[grid.hover.section.kind.name];
  const texts = grid.hover && [headName(grid, grid.hover.section.kind, ...grid.hover.place), cellText(grid, grid.hover)];
  showTip(tip, pointer, texts);
  root.dataset.hover = texts ? texts.join(" · ") : "";
}

/** Put the frames of the hovered, the selected and the focused head in place. */
export function frames(grid) {
  const { hover, selected, cursor, root } = grid;
  const focused = cursor && hasKeyboard(root);
  for (const section of grid.sections) {
    const name = section.kind.name;
    const places = [
      hover && hover.section === section ? [hover.layer, hover.head] : null,
      selected && selected[0] === name ? squareOf(section.kind, selected[1], selected[2]) : null,
      focused && cursor[0] === name ? squareOf(section.kind, cursor[1], cursor[2]) : null,
    ];
    places.forEach((at, index) => placeBox(section.frames[index], at ? section.boxes(...at) : null));
  }
  root.dataset.selected = selected ? selected.join("-") : "";
  root.dataset.cursor = focused ? cursor.join("-") : "";
}

export function onClick(grid, name, event) {
  const section = grid.sections.find((item) => item.kind.name === name);
  const hovered = grid.hover?.section === section ? grid.hover : null; // what is framed is what opens
  const hit = hovered || find(section, ...pointOn(section.area, event));
  if (hit) openHead(grid, [name, ...hit.place]);
}

/** Frame a head at once and tell Python. */
export function openHead(grid, at) {
  grid.selected = grid.cursor = at;
  frames(grid);
  grid.open(...at);
}

/** Where the keyboard is: its cursor, else the open head, else the first that is drawn. */
export function cursorOf(grid) {
  const stands = (at) => at && grid.header.kinds.some((kind) => kind.name === at[0] && squareOf(kind, at[1], at[2]));
  const first = grid.header.kinds.find((kind) => placeAt(kind, 0, 0)) || grid.header.kinds[0];
  return [grid.cursor, grid.selected].find(stands) || [first.name, ...(placeAt(first, 0, 0) || [0, 0])];
}

/** Move the keyboard's cursor and say where it is. */
export function moveTo(grid, at) {
  grid.cursor = at;
  const section = grid.sections.find((item) => item.kind.name === at[0]);
  grid.live.textContent = headName(grid, section.kind, at[1], at[2]);
  frames(grid);
}

/** One step of the cursor, over all heads, through the kinds. */
export function moveCursor(grid, down, across) {
  const [name, ...place] = cursorOf(grid);
  const kinds = grid.header.kinds;
  const square = squareOf(
    kinds.find((kind) => kind.name === name),
    ...place,
  );
  if (!square) return;
  const rows = kinds.flatMap((kind) => Array.from({ length: kind.layers }, (_, at) => ({ kind, at })));
  const from = rows.findIndex(({ kind, at }) => kind.name === name && at === square[0]);
  const { kind, at } = rows[clamp(from + down, 0, rows.length - 1)];
  const filled = kind.places ? Math.min(kind.heads, kind.places.length - at * kind.heads) : kind.heads;
  moveTo(grid, [kind.name, ...placeAt(kind, at, clamp(square[1] + across, 0, filled - 1))]);
}
