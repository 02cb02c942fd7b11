// Words of the field: a dotted underline, and what the word means beside it on hover, focus and tap; the word leads to the view that shows it.

import { element } from "../shared/dom.js";
import { besidePointer } from "../shared/tooltip.js";

const NAME = "headlight-term";

const TERMS = "a.term, [data-testid=stCaptionContainer] a[href^='?view=']"; // Streamlit's Markdown takes no attributes of ours

/**
 * The word that is pointed at; null where there is none.
 * @param {EventTarget | null} node
 */
export function termOf(node) {
  return node instanceof Element ? /** @type {HTMLAnchorElement | null} */ (node.closest(TERMS)) : null;
}

/** What a word means: said by itself, or known by how it is written; empty for a link that is no word of the field. */
function meaningOf(room, term) {
  return term.dataset.means || room.meanings[term.textContent.toLowerCase()] || "";
}

/** Show what a word means, under it; nothing else is shown then. */
export function explain(room, term) {
  if (room.term === term) return;
  forget(room);
  const meaning = meaningOf(room, term);
  if (!meaning) return;
  room.term = term;
  room.note = element("div", "term-note", { id: NAME, role: "tooltip", "data-testid": "term-note" }, meaning);
  document.body.append(room.note);
  term.setAttribute("aria-describedby", NAME);
  const [line] = term.getClientRects();
  const { width, height } = room.note.getBoundingClientRect();
  const inside = { width: document.documentElement.clientWidth, height: window.innerHeight };
  const { x, y } = besidePointer({ clientX: line.left - 16, clientY: line.bottom - 14 }, { width, height }, inside);
  Object.assign(room.note.style, { left: `${x}px`, top: `${y}px` });
}

/** Put the note away. */
export function forget(room) {
  room.note?.remove();
  room.term?.removeAttribute("aria-describedby");
  room.note = room.term = null;
}

/** A click on a word opens its view; a first tap only says what it means. */
export function follow(room, term, event, isTouch) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (isTouch && meaningOf(room, term) && room.tapped !== term) {
    room.tapped = term;
    explain(room, term);
    return;
  }
  forget(room);
  room.tell("view", term.dataset.view || new URL(term.href).searchParams.get("view"));
}
