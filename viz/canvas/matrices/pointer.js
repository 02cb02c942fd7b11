// What answers the pointer and the keyboard in the matrices: tooltip, linked frames, strokes of the brush.

/** Where a point of a panel is: {panel, row, column}; -1 for the column of a row's label and the row of a column's label. */
function find(panel, event) {
  const edge = panel.area.getBoundingClientRect();
  const { left, top, across, down } = panel.size;
  const [x, y] = [event.clientX - edge.left, event.clientY - edge.top];
  const row = Math.floor((y - top) / down);
  const slanted = y < top - 4 ? x - (top - 4 - y) / Math.tan(SLANT) : x; // labels of columns lean to the right
  const column = Math.floor((slanted - left) / across);
  const [inRow, inColumn] = [row >= 0 && row < panel.matrix.rows, column >= 0 && column < panel.matrix.columns];
  if (inRow && inColumn) return { panel, row, column };
  if (inRow && x < left) return { panel, row, column: -1 };
  if (y < top && inColumn) return { panel, row: -1, column };
  return null;
}

function inside(room, { at, row, column }) {
  const matrix = room.header.matrices[at];
  return Boolean(matrix) && row < matrix.rows && column < matrix.columns;
}

/** A signed difference as people write it. */
function signedNumber(value) {
  const size = number(Math.abs(value));
  if (size.startsWith("<")) return value > 0 ? size : "0.00";
  return value === 0 ? size : `${value > 0 ? "+" : "−"}${size}`;
}

/** The number in a cell, or why there is none. */
function valueText(room, panel, row, column) {
  const code = panel.codes[row * panel.matrix.columns + column];
  const state = room.header.states[STATE_CODES - 1 - code];
  if (!state) return panel.matrix.signed ? signedNumber(valueOf(panel, code)) : number(valueOf(panel, code));
  const hint = room.header.paints && state.hint ? `; ${state.hint}` : "";
  return `${state.name === "blank" ? "–" : "nothing"} (${state.words}${hint})`;
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

function onPointer(room, panel, event) {
  room.pointer = { panel, clientX: event.clientX, clientY: event.clientY };
  if (room.stroke) paintTo(room, find(panel, event));
  point(room);
}

function leave(room) {
  if (room.stroke) return;
  room.pointer = null;
  point(room);
}

/** Show what is under the pointer: also after a redraw, when the picture changed beneath it. */
function point(room) {
  const { pointer, tip, root } = room;
  room.hover = pointer ? find(pointer.panel, pointer) : null;
  frames(room);
  root.dataset.hover = room.hover ? placeText(room, room.hover) : "";
  tip.style.display = room.hover ? "block" : "none";
  if (!room.hover) return;
  tip.children[0].textContent = room.hover.panel.matrix.title;
  tip.children[1].textContent = root.dataset.hover;
  tip.children[2].textContent = otherText(room, room.hover);
  placeTip(tip, pointer);
}

/** What the counterparts of a cell in the other panels hold. */
function otherText(room, place) {
  if (place.row < 0 || place.column < 0) return "";
  const parts = room.panels.filter((panel) => panel !== place.panel).map((panel) => {
    const { row, column } = counterpart(place, panel);
    return `${panel.matrix.title}: ${row < 0 || column < 0 ? "no counterpart" : valueText(room, panel, row, column)}`;
  });
  return parts.join(" · ");
}

/** Put the tooltip beside the pointer, inside the window. */
function placeTip(tip, { clientX, clientY }) {
  const { width, height } = tip.getBoundingClientRect();
  const [right, bottom] = [document.documentElement.clientWidth - 8, window.innerHeight - 8];
  const x = clientX + 16 + width <= right ? clientX + 16 : clientX - 16 - width;
  const y = clientY + 18 + height <= bottom ? clientY + 18 : clientY - 14 - height;
  tip.style.left = `${Math.max(8, Math.min(x, right - width))}px`;
  tip.style.top = `${Math.max(8, y)}px`;
}

/** Frame the hovered row, column and cell, and their counterparts, in all panels; and the keyboard's cell. */
function frames(room) {
  const { root, cursor } = room;
  const focused = cursor && root.matches(":focus-visible");
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
function frame(panel, index, shown, row, column, down, across) {
  const { size } = panel;
  const node = panel.frames[index];
  node.style.display = shown ? "block" : "none";
  if (!shown) return;
  const [x, width] = column < 0 ? [0, size.left - 3] : [size.left + column * size.across, across * size.across];
  const [y, height] = row < 0 ? [0, size.top - 3] : [size.top + row * size.down, down * size.down];
  Object.assign(node.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
}

// -- acting -------------------------------------------------------------------------------------------------------------

/** A click with the tool "look" reports the cell; with the brush a label was clicked (cells answer to the stroke). */
function onClick(room, panel, event) {
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

function startStroke(room, panel, event) {
  if (!room.header.paints || event.button !== 0) return;
  const place = find(panel, event);
  if (!place || place.row < 0 || place.column < 0) return;
  if (begin(room, place)) panel.area.setPointerCapture(event.pointerId);
  event.preventDefault();
  room.root.focus({ preventScroll: true });
}

/** Begin to cut or, from a cut cell, to restore. False where painting does nothing. */
function begin(room, { panel, row, column }) {
  const state = stateOf(room, panel.codes[row * panel.matrix.columns + column]);
  if (state && !["cut", "cut-all"].includes(state)) return false;
  room.stroke = { panel, cut: state === null, before: new Map(), last: { row, column } };
  paintTo(room, { panel, row, column });
  return true;
}

/** Paint every cell between the last point of the stroke and this one; they show at once. */
function paintTo(room, place) {
  const { stroke } = room;
  if (!place || place.panel !== stroke.panel || place.row < 0 || place.column < 0) return;
  const [down, across] = [place.row - stroke.last.row, place.column - stroke.last.column];
  const steps = Math.max(Math.abs(down), Math.abs(across), 1);
  for (let step = 0; step <= steps; step++) {
    paintCell(room, stroke.last.row + Math.round((down * step) / steps), stroke.last.column + Math.round((across * step) / steps));
  }
  stroke.last = { row: place.row, column: place.column };
  cancelAnimationFrame(room.frame);
  room.frame = requestAnimationFrame(() => drawPanel(room, place.panel));
}

function paintCell(room, row, column) {
  const { panel, cut, before } = room.stroke;
  const at = row * panel.matrix.columns + column;
  const state = stateOf(room, panel.codes[at]);
  const wanted = cut ? state === null : ["cut", "cut-all"].includes(state);
  if (before.has(at) || !wanted) return;
  before.set(at, panel.codes[at]);
  panel.codes[at] = stateCode(room, cut ? "cut" : "restored");
}

/** One message for the whole stroke. */
function endStroke(room) {
  const { stroke } = room;
  room.stroke = null;
  if (!stroke) return;
  const { columns } = stroke.panel.matrix;
  const cells = [...stroke.before.keys()].map((at) => [Math.floor(at / columns), at % columns]);
  if (cells.length) room.report("paint", { cells, cut: stroke.cut });
}

function cancelStroke(room) {
  if (!room.stroke) return;
  const { panel, before } = room.stroke;
  for (const [at, code] of before) panel.codes[at] = code;
  room.stroke = null;
  drawPanel(room, panel);
}

/** Move the keyboard's cursor and say where it is. */
function moveTo(room, cursor) {
  room.cursor = cursor;
  room.live.textContent = placeText(room, { ...cursor, panel: room.panels[cursor.at] });
  frames(room);
  room.root.dataset.cursor = [cursor.at, cursor.row, cursor.column].join();
}

/** Arrows walk over cells, from one matrix to the next, and with the brush to the labels; Enter or space acts. */
function onKey(room, event) {
  const { at, row, column } = room.cursor || { at: 0, row: 0, column: 0 };
  const { rows, columns } = room.panels[at].matrix;
  const least = room.header.paints ? -1 : 0;
  if (event.key === "Escape") return cancelStroke(room);
  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -columns], End: [0, columns] };
  if (event.key === "Enter" || event.key === " ") act(room, { panel: room.panels[at], row, column });
  else if (steps[event.key]) moveTo(room, walk(room, { at, row, column }, steps[event.key], [least, rows, columns]));
  else return;
  event.preventDefault();
}

/** One step of the cursor. */
function walk(room, { at, row, column }, [down, across], [least, rows, columns]) {
  const next = across === 1 && column === columns - 1 ? room.panels[at + 1] : across === -1 && column === 0 && least === 0 ? room.panels[at - 1] : null;
  if (next) return { at: next.at, row: Math.min(row, next.matrix.rows - 1), column: across === 1 ? 0 : next.matrix.columns - 1 };
  const lowest = Math.abs(across) > 1 ? 0 : least;
  const to = { row: Math.max(least, Math.min(rows - 1, row + down)), column: Math.max(lowest, Math.min(columns - 1, column + across)) };
  return { at, ...(to.row < 0 && to.column < 0 ? { row, column } : to) };
}
