// Back and on through what the reader changed, and the link to what the page shows.

import { element } from "../shared/dom.js";

const ICONS = {
  undo: "M9 7 4 12l5 5M4 12h10a6 6 0 0 1 6 6v1",
  redo: "m15 7 5 5-5 5M20 12H10a6 6 0 0 0-6 6v1",
  link: "M10 14a4.5 4.5 0 0 0 6.4 0l3-3A4.5 4.5 0 0 0 13 4.6l-1 1M14 10a4.5 4.5 0 0 0-6.4 0l-3 3A4.5 4.5 0 0 0 11 19.4l1-1",
};
const NOTE_TIME = 6000; // ms for which the button says so

/** The line over the map: the name, and three buttons. */
export function buildTools(rail) {
  const line = element("div", "tools");
  rail.undo = tool("undo", "Undo (Ctrl+Z)", () => rail.tell("undo", true));
  rail.redo = tool("redo", "Redo (Ctrl+Shift+Z)", () => rail.tell("redo", true));
  rail.link = tool("link", "Copy link", () => copyLink(rail));
  rail.note = element("span", "note", { role: "status" });
  line.append(element("span", "brand", { "aria-hidden": "true" }, "Headlight"), rail.undo, rail.redo, rail.link, rail.note);
  return line;
}

function tool(name, label, act) {
  const button = element("button", "tool", { type: "button", "aria-label": label, title: label, "data-testid": `rail-${name}` });
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  icon.setAttribute("viewBox", "0 0 24 24");
  icon.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  icon.append(path);
  button.append(icon);
  button.addEventListener("click", act);
  return button;
}

export function markTools(rail, { undo, redo }) {
  rail.undo.disabled = !undo;
  rail.redo.disabled = !redo;
}

/** The address says all that the page shows. */
async function copyLink(rail) {
  let text = "Link copied";
  try {
    await navigator.clipboard.writeText(window.location.href);
  } catch {
    text = "Copy the address bar"; // the browser lets no page write there, or not this one
  }
  rail.note.textContent = text;
  clearTimeout(rail.noteTimer);
  rail.noteTimer = setTimeout(() => (rail.note.textContent = ""), NOTE_TIME);
}

/** Ctrl+Z and Ctrl+Shift+Z (or Ctrl+Y) on the whole page, but for fields, which have their own. Returns what ends it. */
export function listenToKeys(rail) {
  rail.press ||= (event) => press(rail, event);
  document.addEventListener("keydown", rail.press); // the same function is added once
  return () => document.removeEventListener("keydown", rail.press);
}

function press(rail, event) {
  const key = event.key.toLowerCase();
  if (!(event.ctrlKey || event.metaKey) || event.altKey || !["z", "y"].includes(key) || isTextField(event.composedPath()[0]))
    return;
  const name = key === "y" || event.shiftKey ? "redo" : "undo";
  if (rail[name].disabled) return;
  event.preventDefault();
  rail.tell(name, true);
}

/** Whether keys that are pressed on a node write text. */
function isTextField(node) {
  return (
    node.isContentEditable || node.matches?.("textarea, input:not([type=checkbox], [type=radio], [type=range], [type=button])")
  );
}
