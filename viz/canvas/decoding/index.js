// Decoding word by word: a slider over the steps of a translation, played here; a click on another piece asks Python to go on from it.

const PACE = 900; // ms a step while playing

export default function (component) {
  const { data, parentElement } = component;
  let room = parentElement.decodingRoom;
  if (!room) room = parentElement.decodingRoom = build(parentElement);
  room.report = () => component.setStateValue("view", { step: room.step, count: (room.sends = (room.sends || 0) + 1) });
  room.pick = (piece) => component.setTriggerValue("pick", { step: room.step, piece });
  Object.assign(room, unpack(data));
  room.palette = applyTheme(room.root, room.header);
  adopt(room);
  refresh(room);
  const call = (room.calls = (room.calls || 0) + 1);
  return () => {
    if (room.calls === call) halt(room);
  };
}

/** The elements, made once and kept across reruns. */
function build(parent) {
  const root = element("div", "room decoding", { "data-testid": "decoding", tabindex: "0" });
  root.setAttribute("aria-label", "Decoding, step by step: left and right arrows walk, space plays");
  const walk = element("div", "walk");
  const play = element("button", "play", { type: "button", "data-testid": "decoding-play" });
  const [back, next] = ["‹ Back", "Next ›"].map((text) => element("button", "", { type: "button" }, text));
  const slider = element("input", "", { type: "range", min: "0", step: "1", "aria-label": "Step" });
  const place = element("span", "place", { "data-testid": "decoding-place" });
  walk.append(play, back, next, slider, place);
  const target = element("div", "target", { role: "group", "aria-label": "The translation so far", lang: "fr" });
  const room = { root, play, back, next, slider, place, target, step: 0, sent: null, drawn: 0, ...buildCards() };
  root.append(walk, target, room.cards);
  parent.append(root);
  play.addEventListener("click", () => (room.playing ? stop(room) : start(room)));
  back.addEventListener("click", () => walkTo(room, room.step - 1));
  next.addEventListener("click", () => walkTo(room, room.step + 1));
  slider.addEventListener("input", () => walkTo(room, Number(slider.value)));
  root.addEventListener("keydown", (event) => onKey(room, event));
  return room;
}

/** Take over what Python sends: all of it for another translation; the step only where it moved there and nowhere else. */
function adopt(room) {
  const { header } = room;
  const identity = JSON.stringify([header.source, header.ids, header.taken, header.given]);
  const other = identity !== room.identity;
  const moved = header.step !== room.given;
  Object.assign(room, { identity, given: header.step });
  if (room.sent === header.step) room.sent = null;
  if (other) halt(room);
  if (other || (moved && room.sent === null && !room.playing)) room.step = header.step;
  if (other) room.sent = null;
  room.step = Math.max(0, Math.min(header.steps.length - 1, room.step));
}

/** Tell Python where the reader is, after a pause in which nothing else happens. */
function send(room, wait) {
  room.sent = room.step;
  clearTimeout(room.timer);
  room.timer = setTimeout(() => room.report(), wait);
}

/** The reader walks; that ends the playing. */
function walkTo(room, step) {
  halt(room);
  go(room, step);
  send(room, 400);
}

function go(room, step) {
  room.step = Math.max(0, Math.min(room.header.steps.length - 1, step));
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
  send(room, 0);
}

function halt(room) {
  clearTimeout(room.clock);
  clearTimeout(room.timer);
  room.playing = false;
}

function onKey(room, event) {
  const moves = {
    ArrowRight: () => walkTo(room, room.step + 1),
    ArrowLeft: () => walkTo(room, room.step - 1),
    Home: () => walkTo(room, 0),
    End: () => walkTo(room, room.header.steps.length - 1),
    " ": () => (room.playing ? stop(room) : start(room)),
  };
  if (!moves[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
  const origin = event.composedPath()[0]; // inside the component: a button keeps its own space bar
  if (event.key === " " && origin.tagName === "BUTTON") return;
  event.preventDefault();
  moves[event.key]();
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
  root.dataset.drawn = room.drawn += 1;
}
