// Decoding word by word: a slider over the steps of a translation, played here; a click on another piece asks Python to go on from it.

import { onKeys } from "../shared/cursor.js";
import { element, stepButtons } from "../shared/dom.js";
import { clamp } from "../shared/numbers.js";
import { countDrawing, enter, reportAsState, send, untilNext } from "../shared/room.js";
import { buildCards, writeLooks, writePieces, writeTarget } from "./draw.js";

const PACE = 900; // ms a step while playing

export default function (component) {
  const room = enter(component, build);
  reportAsState(room, component);
  room.pick = (piece) => component.setTriggerValue("pick", { step: room.step, piece });
  adopt(room);
  refresh(room);
  return untilNext(room, () => halt(room));
}

/** The elements, made once and kept across reruns. */
function build(parent) {
  const root = element("div", "room decoding", { "data-testid": "decoding", tabindex: "0" });
  root.setAttribute("aria-label", "Decoding, step by step: left and right arrows walk, space plays");
  const walk = element("div", "walk");
  const play = element("button", "play", { type: "button", "data-testid": "decoding-play" });
  const [back, next] = stepButtons();
  const slider = element("input", "", { type: "range", min: "0", step: "1", "aria-label": "Step" });
  const place = element("span", "place", { "data-testid": "decoding-place" });
  walk.append(play, back, next, slider, place);
  const target = element("div", "target", { role: "group", "aria-label": "The translation so far" });
  /** @type {any} */
  const room = { root, play, back, next, slider, place, target, step: 0, sent: null, ...buildCards() };
  room.walkTo = (step) => walkTo(room, step); // for the chips and the pieces
  room.choose = (piece) => choose(room, piece);
  root.append(walk, target, room.cards);
  parent.append(root);
  play.addEventListener("click", () => (room.playing ? stop(room) : start(room)));
  back.addEventListener("click", () => walkTo(room, room.step - 1));
  next.addEventListener("click", () => walkTo(room, room.step + 1));
  slider.addEventListener("input", () => walkTo(room, Number(slider.value)));
  onKeys(root, (event) => keys(room, event));
  return room;
}

/** Take over what Python sends: all of it for another translation; the step only where it moved there and nowhere else. */
function adopt(room) {
  const { header } = room;
  const identity = JSON.stringify([header.source, header.ids, header.taken, header.given]);
  const other = identity !== room.identity;
  for (const use of ["said", "looks"]) room.root.style.setProperty(`--${use}`, room.palette[header.colours[use]]);
  [room.target, room.table].forEach((node) => (node.lang = header.languages.said));
  room.looks.forEach(({ chips }) => (chips.lang = header.languages.source));
  const moved = header.step !== room.given;
  Object.assign(room, { identity, given: header.step });
  if (room.sent?.step === header.step) room.sent = null;
  if (other) halt(room);
  if (other || (moved && room.sent === null && !room.playing)) room.step = header.step;
  if (other) room.sent = null;
  room.step = clamp(room.step, 0, header.steps.length - 1);
}

/** Tell Python where the reader is, after a pause in which nothing else happens. */
function sendStep(room, wait) {
  send(room, { step: room.step }, wait);
}

/** The reader walks; that ends the playing. */
function walkTo(room, step) {
  halt(room);
  go(room, step);
  sendStep(room, 400);
}

function go(room, step) {
  room.step = clamp(step, 0, room.header.steps.length - 1);
  refresh(room);
}

function start(room) {
  const last = room.header.steps.length - 1;
  clearTimeout(room.timer);
  room.playing = true;
  go(room, room.step >= last ? 0 : room.step);
  const tick = () => {
    if (room.step >= last) return stop(room);
    go(room, room.step + 1);
    room.clock = setTimeout(tick, PACE);
  };
  room.clock = setTimeout(tick, PACE);
}

function stop(room) {
  halt(room);
  refresh(room);
  sendStep(room, 0);
}

function halt(room) {
  clearTimeout(room.clock);
  clearTimeout(room.timer);
  room.playing = false;
}

function keys(room, event) {
  const onButton = event.composedPath()[0].tagName === "BUTTON"; // inside the component: a button keeps its own space bar
  return {
    ArrowRight: () => walkTo(room, room.step + 1),
    ArrowLeft: () => walkTo(room, room.step - 1),
    Home: () => walkTo(room, 0),
    End: () => walkTo(room, room.header.steps.length - 1),
    ...(onButton ? {} : { " ": () => (room.playing ? stop(room) : start(room)) }),
  };
}

/** Another piece than the one that was said: Python goes on from here. */
function choose(room, piece) {
  halt(room);
  room.sent = null;
  room.pick(piece);
}

/** Draw everything that depends on step and data. */
function refresh(room) {
  const { header, root } = room;
  const last = header.steps.length - 1;
  writeTarget(room);
  writePieces(room);
  writeLooks(room);
  room.play.textContent = room.playing ? "❚❚ Pause" : "▶ Play";
  room.back.disabled = room.step === 0;
  room.next.disabled = room.step === last;
  room.slider.max = String(last);
  room.slider.disabled = last === 0;
  room.slider.value = String(room.step);
  room.place.textContent = `step ${room.step + 1} of ${last + 1}`;
  Object.assign(root.dataset, { step: room.step, playing: Boolean(room.playing), said: header.said.pieces[room.step] });
  countDrawing(room);
}
