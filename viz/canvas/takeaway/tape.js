// A drawing context that remembers what is drawn on it, so that the same can be drawn again elsewhere: larger, or as vectors.

import { contextOf } from "../shared/dom.js";

/** @typedef {{name: string, values?: unknown[], value?: unknown}} Mark A call with its values, or a property with its value. */

/**
 * A context to draw on, and what was drawn: it measures text as a canvas does.
 * @returns {{context: any, marks: Mark[]}}
 */
export function makeTape() {
  const plain = contextOf(document.createElement("canvas")); // knows the state: fonts to measure in, what is saved
  /** @type {Mark[]} */
  const marks = [];
  const call = (/** @type {string} */ name, /** @type {unknown[]} */ values) => {
    if (name === "save" || name === "restore") plain[name]();
    marks.push({ name, values: values.map(copyOf) });
  };
  const context = new Proxy(
    {},
    {
      get: (_, name) => {
        if (name === "measureText") return (/** @type {string} */ text) => plain.measureText(text);
        return typeof plain[name] === "function" ? (...values) => call(String(name), values) : plain[name];
      },
      set: (_, name, value) => {
        plain[name] = value;
        marks.push({ name: String(name), value });
        return true;
      },
    },
  );
  return { context, marks };
}

/** A canvas as it is now: whoever drew it goes on with it. */
function copyOf(value) {
  if (!(value instanceof HTMLCanvasElement)) return value;
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [value.width, value.height];
  contextOf(copy).drawImage(value, 0, 0);
  return copy;
}

/**
 * Draw once more what a tape remembers.
 * @param {any} context
 * @param {Mark[]} marks
 */
export function play(context, marks) {
  for (const { name, values, value } of marks) {
    if (values) context[name](...values);
    else context[name] = value;
  }
}

/**
 * What a component draws on each of its canvases when it draws all once more.
 * @param {Element & {redraw?: () => void}} root
 * @returns {Map<HTMLCanvasElement, Mark[]>}
 */
export function record(root) {
  const canvases = [...root.querySelectorAll("canvas")];
  const tapes = new Map();
  for (const canvas of canvases) {
    const tape = makeTape();
    tapes.set(canvas, tape.marks);
    /** @type {any} */ (canvas).standIn = tape;
  }
  try {
    root.redraw?.();
  } finally {
    for (const canvas of canvases) delete (/** @type {any} */ (canvas).standIn);
  }
  return tapes;
}
