// The life of a component: its elements are made once and stay; Python sends data, the reader's choices are sent back.

import { cssLength, onWall, roomBelow } from "./dom.js";
import { applyTheme } from "./theme.js";
import { unpack } from "./unpack.js";

/**
 * What Streamlit hands to a component.
 * @typedef {object} Component
 * @property {any} data
 * @property {HTMLElement & {headlight?: any}} parentElement
 * @property {(name: string, value: unknown) => void} setStateValue
 * @property {(name: string, value: unknown) => void} setTriggerValue
 */

/**
 * The room of a component, built at the first call, with what Python sends now: header, values, and the palette of the theme.
 * `room.earlier` is the header of the call before; null at the first.
 * @param {Component} component
 * @param {(parent: HTMLElement) => any} build
 */
export function enter({ data, parentElement }, build) {
  const room = (parentElement.headlight ||= build(parentElement));
  room.earlier = room.header || null;
  Object.assign(room, unpack(data));
  room.palette = applyTheme(room.root, room.header);
  fitWall(room);
  return room;
}

/**
 * Let style sheets know a wall (.wall), and how high a component may be there (--room).
 * @param {any} room
 */
function fitWall({ root }) {
  root.classList.toggle("wall", onWall());
  root.style.setProperty("--room", onWall() ? cssLength(roomBelow(root)) : "none");
}

/**
 * Send what the reader chose, after a pause (ms) in which nothing else is chosen; `room.pending` holds it until Python has answered.
 * @param {any} room
 * @param {unknown} choice
 * @param {number} wait
 */
export function send(room, choice, wait) {
  room.pending = choice;
  clearTimeout(room.timer);
  room.timer = setTimeout(() => room.report(choice), wait);
}

/**
 * Report as state, not as a trigger: the last of several always arrives. Counted, so that the same choice is news again.
 * @param {any} room
 * @param {Component} component
 * @param {string} name of the state
 */
export function reportAsState(room, component, name = "view") {
  room.report = (/** @type {object} */ choice) =>
    component.setStateValue(name, { ...choice, count: (room.sends = (room.sends || 0) + 1) });
}

/**
 * Keep `room.observer` on a node until the returned function is called; a call that a newer one followed ends nothing. What changes
 * the room of a drawing beside its width is told by the event "headlight-fit", and the observer looks again.
 * @param {any} room
 * @param {Element} node
 */
export function watch(room, node) {
  room.refit ||= () => {
    fitWall(room);
    room.observer.unobserve(node);
    room.observer.observe(node);
  };
  room.observer.observe(node);
  window.addEventListener("headlight-fit", room.refit); // the same function is added once
  return untilNext(room, () => {
    window.removeEventListener("headlight-fit", room.refit);
    room.observer.disconnect();
  });
}

/**
 * A function that ends what this call began, unless a newer call has gone on with it; it returns whether it did.
 * @param {any} room
 * @param {() => void} end
 */
export function untilNext(room, end) {
  const call = (room.call = (room.call || 0) + 1);
  return () => {
    if (room.call !== call) return false;
    end();
    return true;
  };
}

/**
 * Count a drawing, and how long it took since `started` where that is told; tests wait for the count.
 * @param {any} room
 * @param {number} [started]
 */
export function countDrawing(room, started) {
  room.frames = (room.frames || 0) + 1;
  if (started !== undefined) room.root.dataset.milliseconds = (performance.now() - started).toFixed(1);
  room.root.dataset.frames = String(room.frames);
}
