// What answers the pointer and the keyboard in a figure: hovers, clicks, and a box that zooms.

import { addCursor, hasKeyboard } from "../shared/cursor.js";
import { placeBox, pointOn } from "../shared/dom.js";
import { clamp } from "../shared/numbers.js";
import { placeTip } from "../shared/tooltip.js";
import { placeOf } from "./axes.js";
import { boxOf } from "./marks.js";
import { nodesOf } from "./text.js";
import { answers, clickOf, hoverOf, sentence } from "./words.js";

const NEAR = 14; // pixels of the drawing from a point within which it is meant
const DRAG = 6; // pixels of the drawing after which a press is a drag

/** Listen to the canvas and to the keyboard. redraw: draw once more, at another zoom. */
export function listen(room, redraw) {
  const { canvas, root } = room;
  canvas.addEventListener("pointermove", (event) => (room.drag ? drag(room, event) : hover(room, event)));
  canvas.addEventListener("pointerleave", () => !room.drag && hover(room, null));
  canvas.addEventListener("pointerdown", (event) => press(room, event));
  canvas.addEventListener("pointercancel", () => endDrag(room));
  canvas.addEventListener("pointerup", (event) => release(room, event, redraw));
  canvas.addEventListener("click", () => (room.dragged ? (room.dragged = false) : act(room, room.hover)));
  canvas.addEventListener("dblclick", () => zoomOut(room, redraw));
  addCursor(root, {
    move: (down, across) => moveTo(room, step(room, down, across)),
    act: () => act(room, room.cursor),
    show: () => moveTo(room, room.cursor || step(room, 0, 0)),
    hide: () => frame(room, room.hover),
    release: () => zoomOut(room, redraw),
  });
}

function within(axis, at) {
  return at >= axis.start && at <= axis.start + axis.length;
}

/** What is meant by a point of the canvas: {target, spot}, {text, box}, or null. */
export function find(room, x, y) {
  const note = room.notes.find(({ box }) => x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height);
  const targets = [...room.targets].reverse().filter(({ part }) => answers(part));
  return findPoint(targets, x, y) || note || findBar(targets, x, y) || findCell(targets, x, y);
}

function findPoint(targets, x, y) {
  /** @type {any} */
  let best = null;
  for (const target of targets.filter(({ spots }) => spots)) {
    const half = typeof target.part.marker?.size === "number" ? target.part.marker.size / 2 : 0;
    target.spots.forEach((spot, index) => {
      const distance = spot ? Math.hypot(spot[0] - x, spot[1] - y) : Infinity;
      if (distance <= Math.max(NEAR, half) && (!best || distance < best.distance)) best = { target, spot: { index }, distance };
    });
  }
  return best;
}

/** A bar is meant by all of its row or column. */
function findBar(targets, x, y) {
  for (const target of targets.filter(({ boxes }) => boxes)) {
    if (!within(target.x, x) || !within(target.y, y)) continue;
    const [at, start, size] = target.across.letter === "y" ? [y, "y", "height"] : [x, "x", "width"];
    const gaps = target.boxes.map((box) => Math.abs(box[start] + box[size] / 2 - at));
    const index = gaps.indexOf(Math.min(...gaps));
    if (index >= 0) return { target, spot: { index } };
  }
  return null;
}

function findCell(targets, x, y) {
  for (const target of targets.filter(({ down }) => down)) {
    if (!within(target.x, x) || !within(target.y, y)) continue;
    const [row, column] = [between(target.down, y), between(target.across, x)];
    if (row < 0 || column < 0) continue;
    if (!Number.isNaN(target.part.z.values[row * target.columns + column])) return { target, spot: { row, column } };
  }
  return null;
}

/** Between which two edges a place is; -1 for none. */
function between(edges, at) {
  return edges.findIndex((edge, index) => index + 1 < edges.length && (at - edge) * (at - edges[index + 1]) <= 0);
}

/** Show what is under the pointer. */
function hover(room, event) {
  room.pointer = event ? { clientX: event.clientX, clientY: event.clientY } : null;
  point(room, event ? find(room, ...pointOn(room.canvas, event)) : null);
}

/** The same after a redraw, when the picture changed beneath the pointer. */
export function pointAgain(room) {
  point(room, room.pointer ? find(room, ...pointOn(room.canvas, room.pointer)) : null);
  if (room.cursor && !room.targets[room.cursor.target.order]) room.cursor = null;
}

function point(room, place) {
  const markup = place ? (place.text ?? hoverOf(room.figure, place.target.part, place.spot)) : "";
  room.hover = markup ? place : null;
  room.root.dataset.hover = sentence(markup);
  room.tip.replaceChildren(...nodesOf(markup));
  placeTip(room.tip, markup ? room.pointer : null);
  room.canvas.style.cursor = room.hover?.target && isHeard(room) ? "pointer" : "";
  frame(room, room.hover);
}

/**
 * The box around what is meant.
 * @param {{target?: any, spot?: any, box?: any}} place
 */
export function boxAround({ target, spot, box }) {
  if (box) return box;
  if (target.down) return boxOf(target.across, target.down, spot.row, spot.column);
  if (target.boxes) return target.boxes[spot.index];
  const [x, y] = target.spots[spot.index];
  return { x: x - 7, y: y - 7, width: 14, height: 14 };
}

/** Frame what the pointer, or the keyboard, is at. */
function frame(room, place) {
  const focused = room.cursor && hasKeyboard(room.root) ? room.cursor : null;
  const at = place || focused;
  placeBox(room.frame, at ? boxAround(at) : null);
  room.frame.classList.toggle("cursor", !place && Boolean(focused));
}

/** Whether somebody listens to clicks: see clicks/index.js. */
function isHeard({ root }) {
  const { host } = /** @type {ShadowRoot} */ (root.getRootNode());
  return Boolean((host || root).closest("[data-hears-clicks]"));
}

/** A click, or Enter: told to whoever listens around the component. */
function act(room, place) {
  const click = place?.target && clickOf(room.figure, place.target.part, place.spot);
  if (click) room.root.dispatchEvent(new CustomEvent("headlight-click", { bubbles: true, composed: true, detail: click }));
}

/** One step of the keyboard's cursor: over the cells or points of a part, and from one part into the next. */
function step(room, down, across) {
  const targets = room.targets.filter(
    ({ part, spots, count, rows }) => answers(part) && (rows || (count && (!spots || spots.some(Boolean)))),
  );
  if (!targets.length) return null;
  const place = room.cursor ? targets.findIndex(({ at }) => at === room.cursor.target.at) : -1;
  const at = Math.max(0, place);
  const cursor = place < 0 ? { spot: first(targets[0]) } : room.cursor;
  if (!down && !across) return { target: targets[at], spot: cursor.spot };
  const target = targets[at];
  const next = target.down ? stepCell(target, cursor.spot, down, across) : stepPoint(target, cursor.spot, down, across);
  if (next) return { target, spot: next };
  const other = targets[at + Math.sign(down + across)];
  return other ? { target: other, spot: first(other) } : { target, spot: cursor.spot };
}

function first(target) {
  if (target.down) return { row: 0, column: 0 };
  return { index: target.spots ? target.spots.findIndex(Boolean) : 0 };
}

/** The next cell; null where that is in another part. */
function stepCell({ rows, columns }, { row, column }, down, across) {
  if (Math.abs(across) > 1) return { row: across < 0 ? 0 : rows - 1, column: across < 0 ? 0 : columns - 1 };
  const next = { row: row + down, column: column + across };
  return next.row === clamp(next.row, 0, rows - 1) && next.column === clamp(next.column, 0, columns - 1) ? next : null;
}

/** The next point that there is; null where that is in another part. */
function stepPoint({ spots, count }, { index }, down, across) {
  if (Math.abs(across) > 1) return { index: across < 0 ? 0 : count - 1 };
  const by = Math.sign(down + across);
  for (let at = index + by; at >= 0 && at < count; at += by) if (!spots || spots[at]) return { index: at };
  return null;
}

/** Move the keyboard's cursor and say what is there. */
function moveTo(room, place) {
  room.cursor = place;
  if (!place) return;
  room.live.textContent = sentence(hoverOf(room.figure, place.target.part, place.spot));
  room.root.dataset.cursor = Object.values(place.spot).join();
  frame(room, null);
}

// Zoom -----------------------------------------------------------------------------------------------------------------

function press(room, event) {
  room.dragged = false;
  if (event.button !== 0 || event.pointerType === "touch" || room.figure.layout.dragmode === false) return;
  const [x, y] = pointOn(room.canvas, event);
  const target = room.targets.find((one) => within(one.x, x) && within(one.y, y));
  if (!target || (target.x.look.fixedrange && target.y.look.fixedrange)) return;
  room.drag = { target, from: [x, y], box: null };
  room.canvas.setPointerCapture(event.pointerId);
}

function drag(room, event) {
  const { target, from } = room.drag;
  const to = pointOn(room.canvas, event);
  if (!room.drag.box && Math.hypot(to[0] - from[0], to[1] - from[1]) < DRAG) return;
  room.dragged = true;
  const [x, y] = [target.x, target.y].map((axis, side) => {
    if (axis.look.fixedrange) return [axis.start, axis.start + axis.length];
    const ends = [from[side], to[side]].map((at) => clamp(at, axis.start, axis.start + axis.length));
    return [Math.min(...ends), Math.max(...ends)];
  });
  room.drag.box = { x: x[0], y: y[0], width: x[1] - x[0], height: y[1] - y[0] };
  placeBox(room.zoomBox, room.drag.box);
}

function endDrag(room) {
  room.drag = null;
  placeBox(room.zoomBox, null);
}

function release(room, event, redraw) {
  const { target, box } = room.drag || {};
  endDrag(room);
  if (!box || box.width < DRAG || box.height < DRAG) return;
  for (const [axis, start, size] of [
    [target.x, box.x, box.width],
    [target.y, box.y, box.height],
  ]) {
    if (axis.look.fixedrange) continue;
    const ends = [placeOf(axis, start), placeOf(axis, start + size)];
    room.zoom[axis.lead] =
      axis.range[0] < axis.range[1] ? ends.sort((one, two) => one - two) : ends.sort((one, two) => two - one);
  }
  redraw();
}

function zoomOut(room, redraw) {
  if (!Object.keys(room.zoom).length) return;
  room.zoom = {};
  redraw();
}
