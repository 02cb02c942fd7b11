// What answers the pointer and the keyboard in the lines: the token pointed at, and the sentence about it.

import { drawingUnit, pointOn } from "../shared/dom.js";
import { clamp, number } from "../shared/numbers.js";
import { quoted, reader } from "../shared/words.js";
import { paint, weightsOf } from "./draw.js";

/** The token under the pointer: left of the middle a query, right of it a key. */
export function hoverAt(room, event) {
  const { header, scroll, size } = room;
  const [x, y] = pointOn(scroll, event);
  const index = Math.floor((y + scroll.scrollTop / drawingUnit() - 4) / size.rowHeight);
  const side = x < (size.left + size.right) / 2 ? "left" : "right";
  const near = side === "left" ? x < size.left + 24 : x > size.right - 24;
  const inside = near && index >= 0 && index < (side === "left" ? header.queries : header.keys);
  setHover(room, inside ? { side, index } : null);
}

export function setHover(room, hover) {
  if (room.hover?.side === hover?.side && room.hover?.index === hover?.index) return;
  room.hover = hover;
  say(room);
  paint(room);
}

/** The sentence above the lines. */
export function say(room) {
  const { status, root, hover } = room;
  const text = hover && room.selection.length ? hoverText(room) : "";
  status.textContent = text || "Point at a token: left, to see what it attends to; right, to see what attends to it.";
  status.classList.toggle("idle", !text);
  root.dataset.hover = text;
}

function hoverText(room) {
  const { header, hover, selection } = room;
  const count = hover.side === "left" ? header.keys : header.queries;
  const means = Array.from({ length: count }, (_, index) => weightsOf(room, index).mean);
  const best = means.indexOf(Math.max(...means));
  const [query, key] = hover.side === "left" ? [hover.index, best] : [best, hover.index];
  const column = quoted(header.tokens[header.axes.columns], key);
  const who = reader(header, header.axes, query, query + 1);
  const heads = selection.length === 1 ? `head ${selection[0] + 1}` : `mean of ${selection.length} heads`;
  if (means[best] === 0) return `Nothing here: every weight is 0 (${heads})`;
  if (hover.side === "left") return `${who} attends most to ${column}: ${number(means[best])} (${heads})`;
  return `${column} is attended to most ${header.axes.produced ? "when" : "by"} ${who.replace(/:$/, "")}: ${number(means[best])} (${heads})`;
}

/** Up and down walk along a column, left and right change it, Escape lets go. */
export function keys(room) {
  const { side, index } = room.hover || { side: "left", index: -1 };
  return {
    ArrowUp: () => walk(room, side, index - 1),
    ArrowDown: () => walk(room, side, index + 1),
    ArrowLeft: () => walk(room, "left", index),
    ArrowRight: () => walk(room, "right", index),
    Escape: () => setHover(room, null),
  };
}

/** Point at a token of a column, and bring it into view. */
function walk(room, side, place) {
  const { header, scroll, size } = room;
  const index = clamp(place, 0, (side === "left" ? header.queries : header.keys) - 1);
  const row = size.rowHeight * drawingUnit();
  const y = index * row;
  if (y < scroll.scrollTop) scroll.scrollTop = y;
  else if (y + row > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = y + row - scroll.clientHeight + 8;
  setHover(room, { side, index });
}
