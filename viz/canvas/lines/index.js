// Lines between tokens: controls for kind, layer and heads above, two columns of tokens below.

import { onKeys } from "../shared/cursor.js";
import { cssLength, element, roomBelow, widthInside } from "../shared/dom.js";
import { addGroupKeys, setTabStop } from "../shared/group.js";
import { enter, send, watch } from "../shared/room.js";
import { inkOn } from "../shared/theme.js";
import { collect, FAINT, faintest, LEVELS, paint } from "./draw.js";
import { hoverAt, keys, say, setHover } from "./pointer.js";

const TALLEST = 660; // pixels of the drawing; more tokens scroll inside

export default function (component) {
  const room = enter(component, build);
  room.report = (view) => component.setStateValue("view", view);
  adopt(room);
  writeControls(room);
  refresh(room);
  return watch(room, room.scroll);
}

/** The elements, made once and kept across reruns. */
function build(parent) {
  const root = element("div", "room attention-lines", { "data-testid": "attention-lines" });
  const groups = ["kind", "layer", "heads"].map(makeGroup);
  const controls = element("div", "controls");
  controls.append(...groups);
  const status = element("div", "status", { "aria-live": "polite", "data-testid": "attention-lines-status" });
  const scroll = element("div", "scroll", {
    tabindex: "0",
    role: "application",
    "aria-label": "Lines between tokens: arrow keys choose a token",
  });
  const [spacer, canvas] = [element("div", "spacer"), element("canvas", "", { "aria-hidden": "true" })];
  spacer.append(canvas);
  scroll.append(spacer);
  const empty = element("div", "empty", {}, "No head is chosen. Choose one or more heads above to see what they attend to.");
  const sides = element("div", "sides");
  sides.append(element("span", ""), element("span", "caption"), element("span", ""));
  root.append(controls, status, sides, empty, scroll);
  parent.append(root);
  /** @type {any} */
  const room = {
    root,
    groups,
    status,
    scroll,
    spacer,
    canvas,
    empty,
    sides,
    hover: null,
    selection: [],
    pending: null,
    limit: TALLEST,
  };
  room.observer = new ResizeObserver(() => {
    if (room.header && (widthInside(scroll) !== room.size?.width || limitOf(room) !== room.limit)) refresh(room);
  });
  listen(room);
  return room;
}

/** How high the lines may be, pixels of the drawing. */
function limitOf(room) {
  return Math.min(TALLEST, roomBelow(room.scroll));
}

/** A group of buttons under its name; that of the kinds speaks for itself. */
function makeGroup(name) {
  const group = element("div", `group ${name}`, { role: "group", "aria-label": name });
  group.append(element("span", "name", {}, name === "kind" ? "" : name));
  addGroupKeys(group);
  return group;
}

/** Pointer, wheel and keys on the lines. */
function listen(room) {
  room.root.redraw = () => paint(room);
  const { scroll } = room;
  scroll.addEventListener("scroll", () => requestAnimationFrame(() => paint(room)));
  scroll.addEventListener("pointermove", (event) => hoverAt(room, event));
  scroll.addEventListener("pointerdown", (event) => hoverAt(room, event));
  scroll.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && setHover(room, null));
  scroll.addEventListener("blur", () => setHover(room, null));
  onKeys(scroll, () => keys(room));
}

/** Take over what Python sends, unless the reader has chosen something newer that Python has not answered yet. */
function adopt(room) {
  if (room.earlier && room.earlier.turn !== room.header.turn) forget(room);
  const { header, pending, earlier } = room;
  const heads = header.selection || Array.from({ length: header.heads }, (_, head) => head);
  const answered =
    !pending || (pending.kind === header.kind && pending.layer === header.layer && pending.heads.join() === heads.join());
  if (answered) room.pending = null;
  if (!earlier || (answered && header.selection)) room.selection = heads;
  room.selection = room.selection.filter((head) => head < header.heads);
  if (!room.pending) room.view = { kind: header.kind, layer: header.layer };
  if (room.hover && room.hover.index >= (room.hover.side === "left" ? header.queries : header.keys)) room.hover = null;
}

/** The page went to another address: what was chosen before is over, also what has not been sent yet. */
function forget(room) {
  clearTimeout(room.timer);
  room.pending = room.earlier = null;
}

/** Tell Python: at once for another kind or layer, after a pause for heads. */
function sendView(room, wait) {
  send(room, { ...room.view, heads: [...room.selection], turn: room.header.turn }, wait);
}

/** Make the buttons of a group match a list of [label, text for screen readers, act, act on double click]. */
function buttons(group, items) {
  while (group.children.length - 1 > items.length) group.lastChild.remove();
  while (group.children.length - 1 < items.length) group.append(element("button", "", { type: "button" }));
  return items.map(([label, title, act, solo], index) => {
    const button = group.children[index + 1];
    button.textContent = label;
    button.title = title;
    button.setAttribute("aria-label", title);
    button.onclick = act;
    button.ondblclick = solo || null;
    return button;
  });
}

function writeControls(room) {
  const { header, view, palette, groups, selection } = room;
  const kind = header.kinds.find((item) => item.name === view.kind);
  const kinds = header.kinds.map((item) => [
    item.title,
    item.long,
    () => choose(room, item.name, Math.min(view.layer, item.layers - 1)),
  ]);
  buttons(groups[0], kinds).forEach((button, index) =>
    mark(button, header.kinds[index].name === view.kind, palette[header.kinds[index].name]),
  );
  const layers = Array.from({ length: kind.layers }, (_, at) => [
    String(at + 1),
    `Layer ${at + 1}`,
    () => choose(room, view.kind, at),
  ]);
  buttons(groups[1], layers).forEach((button, at) => mark(button, at === view.layer, palette[view.kind]));
  const all = Array.from({ length: header.heads }, (_, head) => head);
  const heads = all.map((head) => [
    String(head + 1),
    `Head ${head + 1}${header.off.includes(head) ? ", switched off" : ""}; double click: this one alone`,
    () =>
      setHeads(
        room,
        all.filter((item) => (item === head) !== room.selection.includes(item)),
      ),
    () => setHeads(room, [head]),
  ]);
  heads.push(["all", "all heads", () => setHeads(room, all)], ["none", "none of the heads", () => setHeads(room, [])]);
  buttons(groups[2], heads).forEach((button, head) => {
    if (head < header.heads)
      mark(button, selection.includes(head), selection.length === 1 ? palette[view.kind] : palette.tints[view.kind][head]);
    button.classList.toggle("word", head >= header.heads);
  });
  groups.forEach(setTabStop);
}

/** Show a button as pressed, in a colour on which its text can be read. */
function mark(button, pressed, colour) {
  button.setAttribute("aria-pressed", String(pressed));
  button.style.background = pressed ? colour : "";
  button.style.borderColor = pressed ? colour : "";
  button.style.color = pressed ? inkOn(colour) : "";
}

function choose(room, kind, layer) {
  room.view = { kind, layer };
  writeControls(room);
  sendView(room, 0);
}

function setHeads(room, heads) {
  room.selection = heads;
  writeControls(room);
  refresh(room);
  sendView(room, 350);
}

/** Collect the lines again and draw; say what is shown. */
function refresh(room) {
  const { root, header, selection, sides, empty, scroll } = room;
  room.limit = limitOf(room);
  room.buckets = collect(room);
  room.faintest = faintest(room.buckets);
  empty.style.display = selection.length ? "none" : "block";
  scroll.style.visibility = sides.style.visibility = selection.length ? "" : "hidden";
  sides.children[1].textContent = `${header.caption} · lines from ${Math.max(FAINT, room.faintest / LEVELS).toFixed(2)} up`;
  sides.children[0].textContent = header.axes.produced ? "read → produced" : "attends";
  sides.children[2].textContent = "attended to";
  Object.assign(root.dataset, { kind: header.kind, layer: String(header.layer), heads: selection.join() });
  say(room);
  paint(room);
  const { left, right, label, width } = room.size;
  root.classList.toggle("narrow", width < 760);
  sides.style.paddingLeft = cssLength(Math.max(0, left - label.left));
  sides.style.width = cssLength(right + label.right);
}
