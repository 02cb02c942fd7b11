// Symbols of a formula: pointing at one marks what it stands for in the picture, and pointing there lights the symbol. Words of the
// field: pointing at one says what it means.

import { untilNext } from "../shared/room.js";
import { boxOf, cellUnder, partsOf, scrollTo } from "./places.js";
import { explain, follow, forget, termOf } from "./terms.js";

const EDGE = 3; // CSS pixels around what is marked

export default function (component) {
  const room = (component.parentElement.headlight ||= build());
  room.meanings = component.data.meanings;
  room.tell = (name, value) => component.setTriggerValue(name, value);
  for (const [name, listener] of room.listeners) document.addEventListener(name, listener); // the same function is added once
  return untilNext(room, () => {
    for (const [name, listener] of room.listeners) document.removeEventListener(name, listener);
    clear(room);
    forget(room);
  });
}

function build() {
  /** @type {any} */
  const room = { mark: null, note: null, term: null, tapped: null, meanings: {} };
  const [over, act] = [(event) => point(room, event), (event) => press(room, event)];
  room.listeners = [
    ["pointermove", over],
    ["focusin", over],
    ["click", act],
    ["keydown", act],
  ];
  return room;
}

/** @param {EventTarget | null} node */
function symbolOf(node) {
  return node instanceof Element ? /** @type {HTMLElement | null} */ (node.closest(".symbol")) : null;
}

/** What the pointer or the keyboard is over: a symbol, or a part of the picture that has one. */
function point(room, event) {
  const term = termOf(event.target);
  if (term) explain(room, term);
  else if (!room.tapped) forget(room);
  const symbol = symbolOf(event.target);
  if (symbol && !symbol.classList.contains("lit")) light(room, symbol);
  else if (!symbol && event.type === "pointermove") back(room, event);
}

/** A tap, or Enter, lights a symbol, too. */
function press(room, event) {
  const term = termOf(event.target);
  if (event.type === "click" && term) follow(room, term, event, event.pointerType === "touch");
  else if (event.key === "Escape" || event.type === "click") {
    room.tapped = null;
    forget(room);
  }
  const symbol = symbolOf(event.target);
  if (!symbol || (event.type === "keydown" && event.key !== "Enter" && event.key !== " ")) return;
  event.preventDefault();
  scrollTo(symbol.dataset.marks || "");
  light(room, symbol);
}

/** Mark what a symbol stands for, and say it. */
function light(room, symbol) {
  clear(room);
  symbol.classList.add("lit");
  const words = symbol.closest("section")?.querySelector(".symbol-words");
  if (words) words.textContent = symbol.dataset.words;
  const box = boxOf(symbol.dataset.marks || "");
  if (!box) return;
  room.mark = document.createElement("div");
  room.mark.dataset.testid = "symbol-mark";
  const colour = getComputedStyle(document.documentElement).getPropertyValue("--ink");
  Object.assign(room.mark.style, {
    position: "fixed",
    zIndex: "94",
    pointerEvents: "none",
    left: `${box.left - EDGE}px`,
    top: `${box.top - EDGE}px`,
    width: `${box.width + 2 * EDGE}px`,
    height: `${box.height + 2 * EDGE}px`,
    border: `2.5px solid ${colour}`,
    borderRadius: "6px",
  });
  document.body.append(room.mark);
}

function clear(room) {
  room.mark?.remove();
  room.mark = null;
  for (const symbol of document.querySelectorAll(".symbol.lit")) symbol.classList.remove("lit");
}

/** Light the symbols of the part of the picture that is pointed at. */
function back(room, event) {
  clear(room);
  const symbols = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".symbol")]);
  if (!symbols.length) return;
  const cell = cellUnder(event);
  const path = event.composedPath();
  for (const symbol of symbols) {
    const [kind, ...place] = (symbol.dataset.marks || "").split(" ");
    const [first, second] = place.map(Number);
    const isHere =
      kind === "row" || kind === "column" || kind === "cell"
        ? cell && (kind === "column" ? cell.column === first : cell.row === first && (kind === "row" || cell.column === second))
        : partsOf(symbol.dataset.marks || "").some((part) => path.includes(part));
    symbol.classList.toggle("lit", Boolean(isHere));
  }
}
