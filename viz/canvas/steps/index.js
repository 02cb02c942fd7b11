// One head's calculation for one query: stages at the left, the open one at the right; ← → walk, ↑ ↓ change the key.

import { onKeys } from "../shared/cursor.js";
import { bringInto, element, markStep, stepButtons } from "../shared/dom.js";
import { addGroupKeys, setTabStop } from "../shared/group.js";
import { clamp, small } from "../shared/numbers.js";
import { countDrawing, enter, reportAsState, send, watch } from "../shared/room.js";
import { fill, matrixBlock, tableBlock, vectorBlock } from "./draw.js";

export default function (component) {
  const room = enter(component, build);
  reportAsState(room, component);
  adopt(room);
  refresh(room);
  return watch(room, room.stage);
}

/** The elements, made once and kept across reruns. */
function build(parent) {
  const root = element("div", "room attention-steps", { "data-testid": "attention-steps", tabindex: "0", role: "group" });
  root.setAttribute("aria-label", "A calculation in steps: left and right arrows walk, up and down arrows change the key");
  const asks = element("div", "asks", { role: "group", "aria-label": "Who asks" });
  const looks = element("div", "asks", { role: "group", "aria-label": "Looked at" });
  const list = element("ol", "list");
  const stage = element("div", "stage");
  const live = element("div", "unseen", { "aria-live": "polite" });
  [asks, looks, list].forEach(addGroupKeys);
  const walk = element("div", "walk");
  const [back, next] = stepButtons();
  const status = element("span", "status", { "data-testid": "steps-status" });
  walk.append(back, next, status);
  const badge = element("p", "badge", { "data-testid": "steps-badge" });
  const side = element("div", "side");
  side.append(list, badge);
  const main = element("div", "main");
  main.append(stage, walk);
  root.append(asks, looks, side, main, live);
  parent.append(root);
  /** @type {any} */
  const room = { root, asks, looks, list, stage, live, status, badge, back, next };
  Object.assign(room, { painters: [], pending: null, step: 0, focus: 0 });
  room.look = (key) => look(room, key); // for the blocks of a stage
  room.say = (text) => say(room, text);
  back.addEventListener("click", () => go(room, room.step - 1));
  next.addEventListener("click", () => go(room, room.step + 1));
  onKeys(root, () => keys(room));
  room.root.redraw = () => room.painters.forEach((paint) => paint());
  room.observer = new ResizeObserver(() => room.root.redraw());
  return room;
}

/** What walks: left and right over the steps, up and down over the tokens that can be looked at. */
function keys(room) {
  return {
    ArrowRight: () => go(room, room.step + 1),
    ArrowLeft: () => go(room, room.step - 1),
    ArrowDown: () => look(room, room.focus + 1),
    ArrowUp: () => look(room, room.focus - 1),
    Home: () => go(room, 0),
    End: () => go(room, room.header.stages.length - 1),
  };
}

/** Take over what Python sends, unless the reader has walked on and Python has not answered yet. */
function adopt(room) {
  const { header, pending } = room;
  if (pending && pending.query === header.query && (pending.step !== header.step || pending.key !== header.key)) return;
  room.pending = null;
  room.step = Math.min(header.step, header.stages.length - 1);
  room.focus = Math.min(header.key, header.keys.length - 1);
}

/** Tell Python, after a pause in which nothing else is chosen. */
function sendView(room, query, wait) {
  send(room, { query, key: room.focus, step: room.step }, wait);
}

function go(room, step) {
  const inside = clamp(step, 0, room.header.stages.length - 1);
  if (inside === room.step) return;
  room.step = inside;
  refresh(room);
  speak(room, ".stage h2", ".stage .words");
  sendView(room, room.header.query, 400);
}

/** Look at another key. */
function look(room, key) {
  const inside = clamp(key, 0, room.header.keys.length - 1);
  if (inside === room.focus) return;
  room.focus = inside;
  refresh(room);
  room.stage.querySelector(".focus")?.scrollIntoView({ block: "nearest" });
  speak(room, '.asks:nth-child(2) [aria-pressed="true"]', ".focus td, .focus .total");
  sendView(room, room.header.query, 400);
}

/** Say what stands in these places, for those who walk by ear: a stage is too long to be read at every step. */
function speak(room, ...places) {
  const nodes = places.flatMap((place) => [...room.root.querySelectorAll(place)]);
  const texts = nodes.map((node) => node.textContent.trim()).filter(Boolean);
  room.live.textContent = texts.join(", ");
}

function say(room, text) {
  const { header } = room;
  room.status.textContent =
    text || `step ${room.step + 1} of ${header.stages.length} · keys ← → walk, ↑ ↓ change the token looked at`;
  room.status.classList.toggle("idle", !text);
}

/** Draw everything that depends on step, key and data. */
function refresh(room) {
  writeAsks(room);
  writeLooks(room);
  writeList(room);
  const { header } = room;
  const stage = header.stages[room.step];
  const draw = { strip: vectorBlock, row: vectorBlock, matrix: matrixBlock, table: tableBlock };
  const scrolled = room.stage.querySelector(".table, .matrix")?.scrollTop || 0;
  room.painters = [];
  const title = element("h2", "", { "data-testid": "step-title" }, `${room.step + 1} · ${stage.title}`);
  const blocks = stage.blocks.map((block) => draw[block.type](room, stage, block));
  const words = element("p", "words", {}, fill(room, stage.words));
  room.stage.replaceChildren(title, element("p", "formula", {}, stage.formula), words, ...blocks, checkLine(room, stage));
  const box = room.stage.querySelector(".table, .matrix");
  if (box) box.scrollTop = scrolled;
  const now = box?.querySelector("td.now"); // the newest column, where a small screen has no room for all
  const reach = () => (box.scrollLeft = now.offsetLeft + now.offsetWidth - box.clientWidth);
  if (now) new ResizeObserver(reach).observe(box); // it may be laid out later, and anew
  room.painters.forEach((paint) => paint());
  room.back.disabled = room.step === 0;
  room.next.disabled = room.step === header.stages.length - 1;
  room.badge.textContent = `Recomputed from the numbers on screen: differs from the capture by at most ${small(header.difference)}.`;
  say(room, "");
  Object.assign(room.root.dataset, { step: room.step, key: room.focus, query: header.query, difference: header.difference });
  countDrawing(room);
}

/** What the stage ends in, against what the hooks captured. */
function checkLine(room, stage) {
  if (!stage.checks.length) return element("p", "check");
  const { header } = room;
  const most = Math.max(...stage.checks.map((name) => header.differences[name]));
  const text = `Compared with what the hooks captured (${stage.checks.map((name) => header.checked[name]).join(", ")}): largest difference ${small(most)}.`;
  return element("p", "check", { "data-testid": "step-check" }, text);
}

/** The tokens that can ask, as chips; a row that produces a token shows what it reads and what it produces. */
function writeAsks(room) {
  const { header, asks } = room;
  const { queries, outputs } = header;
  const key = JSON.stringify([queries, outputs]);
  const produces = outputs.join() !== queries.join(); // else rows go by what they read
  if (room.askedFor !== key) {
    room.askedFor = key;
    const chips = queries.map((piece, index) => {
      const chip = element("button", "", { type: "button" });
      if (produces) chip.append(element("i", "", {}, `${piece} → `));
      chip.append(document.createTextNode(outputs[index]));
      chip.title = produces ? `reading “${piece}”, producing “${outputs[index]}”` : `“${piece}”, token ${index + 1}`;
      chip.addEventListener("click", () => sendView(room, index, 0));
      return chip;
    });
    asks.replaceChildren(element("span", "name", {}, produces ? "produces" : "asks"), ...chips);
  }
  press(asks, header.query);
  room.root.style.setProperty("--kind", room.palette[header.kind]);
}

/** The tokens that can be looked at: the one whose numbers the stages show. */
function writeLooks(room) {
  const { header, looks } = room;
  const key = JSON.stringify(header.keys);
  if (room.looksFor !== key) {
    room.looksFor = key;
    const chips = header.keys.map((piece, index) => {
      const chip = element("button", "", { type: "button", title: `“${piece}”, token ${index + 1}` }, piece);
      chip.addEventListener("click", () => look(room, index));
      return chip;
    });
    looks.replaceChildren(element("span", "name", {}, "looked at"), ...chips);
  }
  press(looks, room.focus);
}

/** Show one chip of a group as pressed, and bring it into view inside the group. */
function press(group, choice) {
  group.querySelectorAll("button").forEach((chip, index) => {
    chip.setAttribute("aria-pressed", String(index === choice));
    if (index === choice) bringInto(group, chip);
  });
  setTabStop(group);
}

function writeList(room) {
  const { header, list } = room;
  if (list.children.length !== header.stages.length) {
    const items = header.stages.map((stage, index) => {
      const item = element("li", "");
      const button = element("button", "", { type: "button" });
      button.addEventListener("click", () => go(room, index));
      item.append(button);
      return item;
    });
    list.replaceChildren(...items);
  }
  [...list.children].forEach((item, index) => {
    const button = item.firstChild;
    button.textContent = header.stages[index].title;
    markStep(button, index === room.step);
    if (index === room.step) bringInto(list, item);
  });
  setTabStop(list);
}
