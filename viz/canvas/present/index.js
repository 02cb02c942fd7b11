// Present: keys and a clicker walk, reveal, blank the screen; what lies over the picture never leaves the browser.

import { element } from "../shared/dom.js";
import { clamp } from "../shared/numbers.js";
import { reportAsState, untilNext } from "../shared/room.js";
import { connect, disconnect, endTalk, follow, openNotes, tellNotes, tellWall } from "./channel.js";
import { cover, fillCode, sharedLink } from "./covers.js";
import { actionOf, ownerOf } from "./keys.js";
import { buildSpot, dropSpot, holdSpot } from "./pointer.js";

const AGAIN = 1500; // ms after which a wall that still stands is left again
const HINT = 5000; // ms for which a newcomer is told the way out

export default function (component) {
  const room = (component.parentElement.headlight ||= build(component.parentElement));
  const before = room.data?.mode;
  room.data = component.data;
  room.tell = (name, value) => component.setTriggerValue(name, value);
  reportAsState(room, component, "go");
  const { mode, at, code, heard } = room.data;
  room.sends ??= heard;
  if (heard >= room.sends) room.to = null; // until Python has heard the last press, the page does not stand where the presses lead
  if (mode === "1" && room.root.dataset.at !== String(at)) dropSpot(room);
  Object.assign(room.root.dataset, { mode, at });
  for (const [name, listener] of room.listeners) document.addEventListener(name, listener, true); // the same function is added once
  if (before !== mode) begin(room);
  connect(room);
  if (code !== null) fillCode(room, code);
  room.refresh();
  tellNotes(room);
  keepFit(room);
  return untilNext(room, () => {
    for (const [name, listener] of room.listeners) document.removeEventListener(name, listener, true);
    clearInterval(room.ticking);
    room.fitting.disconnect();
    window.removeEventListener("resize", fit);
    disconnect(room);
  });
}

function build(parent) {
  const root = element("div", "presenting", { "data-testid": "presenting" });
  const hint = element("p", "hint", {}, "? shows the keys · Esc leaves");
  const bar = element("div", "bar", { role: "toolbar", "aria-label": "Present" });
  const live = element("div", "unseen", { "aria-live": "polite" });
  const status = element("p", "status", { "data-testid": "notes-status" });
  /** @type {any} */
  const room = { root, hint, bar, live, status, covering: "", to: null, isHeld: false };
  room.buttons = Object.fromEntries(
    [
      ["back", "◂ Back"],
      ["reveal", "Reveal"],
      ["next", "Next ▸"],
      ["leave", "✕"],
    ].map(([action, text]) => {
      const button = element("button", action, { type: "button" }, text);
      button.addEventListener("click", () => room.ask(action));
      bar.append(button);
      return [action, button];
    }),
  );
  room.buttons.leave.setAttribute("aria-label", "Leave Present");
  root.append(hint, status, bar, live);
  parent.append(root);
  room.act = (action) => act(room, action);
  room.ask = (action) => (room.data.mode === "notes" && action !== "help" ? tellWall(room, action) : act(room, action));
  room.refresh = () => refresh(room);
  room.listeners = [["keydown", (event) => press(room, event)], ...buildSpot(room)];
  return room;
}

/** Another mode than before: what belongs to the old one goes. */
function begin(room) {
  const { mode } = room.data;
  cover(room, "");
  room.wall = null;
  room.hint.hidden = mode !== "1";
  if (mode === "1") document.activeElement instanceof HTMLElement && document.activeElement.blur();
  setTimeout(() => (room.hint.hidden = true), HINT);
  clearInterval(room.ticking);
  if (mode === "notes") room.ticking = setInterval(room.refresh, 1000);
}

/** Let drawings fill the wall again where the window, or what is written over them, has another size. */
function keepFit(room) {
  room.fitting ||= new ResizeObserver(fit);
  room.fitting.disconnect();
  const wall = room.data.mode === "1" && document.querySelector(".st-key-wall");
  if (!wall) return fit();
  room.fitting.observe(wall); // which calls once at the beginning, too
  window.addEventListener("resize", fit);
}

function fit() {
  window.dispatchEvent(new Event("headlight-fit"));
}

/** A key: what it does here, unless it belongs to what has the focus. */
function press(room, event) {
  const action = actionOf(event, room.data.mode, ownerOf(event.composedPath()));
  if (!action) return;
  if (action === "release") {
    // The picture hears it, too: it may have something to let go of.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation(); // Streamlit has keys of its own
  room.ask(action);
}

function act(room, action) {
  const { mode, at, count, reveals } = room.data;
  const by = { next: 1, back: -1, first: -count, last: count }[action];
  const from = room.to ?? at;
  if (by) walk(room, from, clamp(from + by, 0, count - 1));
  else if (["blank", "help", "code"].includes(action)) cover(room, action);
  else if (action === "enter") room.tell("enter", true);
  else if (action === "spot") holdSpot(room);
  else if (action === "full") toggleFull(room);
  else if (action === "notes") openNotes(room);
  else if (action === "reveal" && reveals) room.tell("reveal", true);
  else if (action === "leave" && room.covering) cover(room, "");
  else if (action === "leave" && mode === "1") leave(room);
  if (room.covering === "code") room.tell("code", sharedLink());
  if (room.covering) room.hint.hidden = true;
  tellNotes(room);
}

/** Walk from one stop to another; what lay over the picture goes. */
function walk(room, from, to) {
  cover(room, "");
  if (to === from) return say(room, to ? "This is the last one." : "This is the first one.");
  room.to = to;
  room.report({ to });
}

function leave(room) {
  endTalk();
  room.talk = null;
  if (document.fullscreenElement) document.exitFullscreen();
  room.tell("leave", true);
  // Of two things that are asked for at once Streamlit may run one alone: the pointer's place may have come first.
  setTimeout(() => room.root.isConnected && room.data.mode === "1" && room.tell("leave", true), AGAIN);
}

/** Full screen and back, where the browser lets a page do that. */
function toggleFull(room) {
  const change = document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen?.();
  change?.catch(() => say(room, "This browser shows no full screen."));
}

function say(room, text) {
  room.live.textContent = text;
}

/** Write what depends on where the wall is. */
function refresh(room) {
  const { mode, at, count, reveals } = room.data;
  const { back, next, reveal } = room.buttons;
  back.disabled = at === 0;
  next.disabled = at === count - 1;
  reveal.hidden = !reveals;
  const isOpen = (mode === "notes" ? room.wall?.reveals : reveals) === "open";
  reveal.disabled = isOpen;
  if (mode !== "notes") return;
  follow(room);
  room.status.textContent = notesStatus(room, isOpen);
}

/** Of the notes: whether a wall leads them, what it shows, and for how long the talk has gone on. */
function notesStatus(room, isOpen) {
  if (!room.wall) return "No wall leads these notes: press N on the page that presents, in this browser.";
  const seconds = Math.max(0, Math.floor((Date.now() - room.wall.started) / 1000));
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const answer = room.data.reveals ? ` · the answer is ${isOpen ? "shown" : "covered"}` : "";
  const over =
    { blank: " · the screen is blank", code: " · the QR code is shown", help: " · the keys are shown" }[room.wall.covering] || "";
  return `${clock} since the start${answer}${over}`;
}
