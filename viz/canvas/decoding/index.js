// Decoding word by word: the sentence and its translation with lines between them, a slider over the steps of a translation, played here; a click on another piece asks Python to go on from it.

import { onKeys } from "../shared/cursor.js";
import { element, stepButtons } from "../shared/dom.js";
import { clamp, number } from "../shared/numbers.js";
import { countDrawing, enter, reportAsState, send, watch } from "../shared/room.js";
import { buildCards, writeLooks, writePieces } from "./draw.js";
import { buildFlow, drawLinks, neighbour, writeFlow } from "./flow.js";

const PACE = 900; // ms a step while playing

export default function (component) {
  const room = enter(component, build);
  reportAsState(room, component);
  room.pick = (piece) => component.setTriggerValue("pick", { step: room.step, piece });
  adopt(room);
  refresh(room);
  if (room.header.greets && !room.greeted) greet(room);
  const end = watch(room, room.flow);
  return () => end() && halt(room);
}

/** The elements, made once and kept across reruns. */
function build(parent) {
  const root = element("div", "room decoding", { "data-testid": "decoding", tabindex: "0", role: "group" });
  root.setAttribute("aria-label", "Decoding, step by step: left and right arrows walk, space plays");
  const walk = element("div", "walk");
  const live = element("div", "unseen", { "aria-live": "polite", "data-testid": "decoding-live" });
  const play = element("button", "play", { type: "button", "data-testid": "decoding-play" });
  const [back, next] = stepButtons();
  const slider = element("input", "", { type: "range", min: "0", step: "1", "aria-label": "Step" });
  const place = element("span", "place", { "data-testid": "decoding-place" });
  walk.append(play, back, next, slider, place);
  /** @type {any} */
  const room = { root, play, back, next, slider, place, live, step: 0, pending: null, ...buildFlow(), ...buildCards() };
  room.walkTo = (step) => walkTo(room, step); // for the chips and the pieces
  room.choose = (piece) => choose(room, piece);
  room.observer = new ResizeObserver(() => drawLinks(room));
  for (const row of [room.source, room.target]) row.addEventListener("scroll", () => drawLinks(room));
  root.append(room.flow, walk, room.cards, live);
  parent.append(root);
  play.addEventListener("click", () => (room.playing ? stop(room) : start(room)));
  back.addEventListener("click", () => walkOn(room, -1));
  next.addEventListener("click", () => walkOn(room, 1));
  slider.addEventListener("input", () => walkTo(room, Number(slider.value)));
  onKeys(root, (event) => keys(room, event));
  return room;
}

/** Take over what Python sends: all of it for another translation; the step only where it moved there and nowhere else. */
function adopt(room) {
  const { header } = room;
  const identity = JSON.stringify([header.source, header.ids, header.choices, header.own, header.flow]);
  const other = identity !== room.identity; // also where words are joined: a step may lie inside one
  for (const use of ["output", "looks"]) room.root.style.setProperty(`--${use}`, room.palette[header.colours[use]]);
  [room.target, room.table].forEach((node) => (node.lang = header.languages.output));
  [room.source, ...room.looks.map(({ chips }) => chips)].forEach((node) => (node.lang = header.languages.source));
  const moved = header.step !== room.answer;
  Object.assign(room, { identity, answer: header.step });
  if (room.pending?.step === header.step) room.pending = null;
  if (other) halt(room);
  if (other || (moved && room.pending === null && !room.playing)) room.step = header.step;
  if (other) room.pending = null;
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
  const { output, steps } = room.header;
  const chance = number(steps[room.step].output[0]);
  room.live.textContent = `${room.place.textContent}: “${output.pieces[room.step]}”, probability ${chance}`;
  sendStep(room, 400);
}

/** To the next chip, or to the one before. */
function walkOn(room, way) {
  walkTo(room, neighbour(room.header, room.step, way) ?? room.step);
}

function go(room, step) {
  room.step = clamp(step, 0, room.header.steps.length - 1);
  refresh(room);
}

function start(room) {
  clearTimeout(room.timer);
  room.playing = true;
  go(room, neighbour(room.header, room.step, 1) === undefined ? 0 : room.step);
  const tick = () => {
    const next = neighbour(room.header, room.step, 1);
    if (next === undefined) return room.greeting ? interrupt(room) : stop(room);
    go(room, next);
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
  room.playing = room.greeting = false;
}

/** A first visit: it plays by itself, until the first key or click anywhere. Readers who want less motion start it themselves. */
function greet(room) {
  room.greeted = true;
  const { headlightHistory } = /** @type {any} */ (window); // the address bar's, which sees every key and click
  if (headlightHistory?.acted || window.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  start(room);
  room.greeting = true;
  const end = (event) => {
    for (const name of ["pointerdown", "keydown"]) document.removeEventListener(name, end, true);
    if (room.greeting && !event.composedPath().includes(room.root)) interrupt(room); // its own keys and buttons know what to do
  };
  for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, end, true);
}

/** Stop without a word to Python: the reader has not chosen this step. */
function interrupt(room) {
  halt(room);
  refresh(room);
}

function keys(room, event) {
  const onButton = event.composedPath()[0].tagName === "BUTTON"; // inside the component: a button keeps its own space bar
  return {
    ArrowRight: () => walkOn(room, 1),
    ArrowLeft: () => walkOn(room, -1),
    Home: () => walkTo(room, 0),
    End: () => walkTo(room, room.header.steps.length - 1),
    ...(onButton ? {} : { " ": () => (room.playing ? stop(room) : start(room)) }),
  };
}

/** Another piece than the one that was said: Python goes on from here. */
function choose(room, piece) {
  halt(room);
  room.pending = null;
  room.pick(piece);
}

/** Draw everything that depends on step and data. */
function refresh(room) {
  const { header, root } = room;
  const last = header.steps.length - 1;
  writeFlow(room);
  writePieces(room);
  writeLooks(room);
  room.play.textContent = room.playing ? "❚❚ Pause" : "▶ Play";
  room.back.disabled = neighbour(header, room.step, -1) === undefined;
  room.next.disabled = neighbour(header, room.step, 1) === undefined;
  room.slider.max = String(last);
  room.slider.disabled = last === 0;
  room.slider.value = String(room.step);
  room.place.textContent = `step ${room.step + 1} of ${last + 1}`;
  Object.assign(root.dataset, { step: room.step, playing: Boolean(room.playing), piece: header.output.pieces[room.step] });
  countDrawing(room);
}
