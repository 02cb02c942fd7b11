// The block diagram: you are here, the head that is open, and a click that opens another or the view that shows a block.

import { addCursor } from "../shared/cursor.js";
import { showTip } from "../shared/tooltip.js";
import { layOutDiagram, neighbour } from "./layout.js";

const SHAPES = "http://www.w3.org/2000/svg";

/** An element of a picture in lines. */
function shape(name, attributes, text = "") {
  const node = document.createElementNS(SHAPES, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  node.textContent = text;
  return node;
}

/** Draw the model; what a click can do depends on the views that there are. */
export function drawDiagram(rail, diagram, place) {
  const plan = layOutDiagram(diagram);
  rail.svg?.remove();
  rail.svg = shape("svg", {
    viewBox: `0 0 ${plan.width} ${plan.height}`,
    tabindex: 0,
    role: "application",
    "data-testid": "rail-map",
    "aria-label": "Map of the model: arrow keys walk over its heads and blocks, Enter opens one",
  });
  rail.targets = [];
  plan.titles.forEach(({ text, x, y }) => rail.svg.append(shape("text", { class: "title", x, y }, text)));
  plan.wires.forEach((wire) => drawWire(rail, wire, place));
  plan.bars.forEach((bar) => addTarget(rail, bar, layerName(bar), place.parts.includes(bar.part) && bar));
  plan.blocks.forEach((block) => addTarget(rail, block, blockName(block, diagram), place.parts.includes(block.part) && block));
  plan.cells.forEach((cell) => addTarget(rail, cell, `${cell.title}, layer ${cell.layer + 1}, head ${cell.head + 1}`, cell));
  rail.frame = shape("rect", { class: "cursor", rx: 2 });
  rail.svg.append(rail.frame);
  rail.map.prepend(rail.svg);
  addCursor(rail.svg, cursorOver(rail));
}

function layerName({ title, layer, stack }) {
  return `${title} of ${stack}, layer ${layer + 1}`;
}

function blockName({ label, stack }, { stacks }) {
  return stacks.length > 1 ? `${label} (${stacks.find(({ name }) => name === stack).title})` : label;
}

/** Something that can be pointed at; `opens` where a click does something. */
function addTarget(rail, box, name, opens) {
  const { x, y, width, height } = box;
  const role = box.head !== undefined ? "cell" : box.label ? "block" : "bar";
  const node = shape("rect", { class: role + (opens ? "" : " rests"), x, y, width, height, rx: role === "block" ? 4 : 1.5 });
  if (box.colour) node.style.setProperty("--kind", box.colour);
  Object.assign(node.dataset, { at: rail.targets.length, name });
  rail.svg.append(node);
  if (box.label) rail.svg.append(shape("text", { class: "label", x: x + width / 2, y: y + height - 3.8 }, box.label));
  rail.targets.push({ ...box, name, node, opens: Boolean(opens) });
}

/** From one stack to another, with a broad and unseen line to hit. */
function drawWire(rail, wire, place) {
  const line = shape("path", { class: "wire", d: wire.path });
  line.style.setProperty("--kind", wire.colour);
  rail.svg.append(line);
  for (const { x, y, turn } of wire.ends) {
    const tip = shape("path", { class: "arrow", d: `M${x} ${y}l${-3.5 * turn} -2v4z` });
    tip.style.setProperty("--kind", wire.colour);
    rail.svg.append(tip);
  }
  const hit = shape("path", { class: "hit", d: wire.path });
  hit.dataset.at = String(rail.targets.length);
  rail.svg.append(hit);
  const box = { x: wire.x - 3, y: wire.y - 3, width: 6, height: 6, part: wire.part, stack: wire.to };
  rail.targets.push({
    ...box,
    name: `${wire.title}: from ${wire.from} to ${wire.to}`,
    node: line,
    opens: place.parts.includes(wire.part),
  });
}

/** Mark where the reader is. */
export function markPlace(rail, place) {
  const off = new Set(place.off.map((head) => head.join()));
  const open = place.head?.join();
  for (const { node, part, stack, kind, layer, head } of rail.targets) {
    const isHead = head !== undefined;
    const own = [kind, layer, head].join();
    const here = isHead ? isHere(place, [kind, layer, head]) : part === place.part && (!place.stack || place.stack === stack);
    node.classList.toggle("here", here);
    node.classList.toggle("open", isHead && own === open);
    node.classList.toggle("off", isHead && off.has(own));
  }
  const start = rail.targets.findIndex(({ kind, layer, head }) => [kind, layer, head].join() === open);
  if (rail.start !== Math.max(0, start)) rail.start = rail.cursor = Math.max(0, start); // the arrow keys walk on from what is open
  rail.place.textContent = place.title;
  rail.place.style.color = place.colour;
}

/** Whether a view shows a head: all of them, those of its layer, or it alone. */
function isHere({ part, head: open }, [kind, layer, head]) {
  if (part === "heads") return true;
  if (!open || kind !== open[0] || layer !== open[1]) return false;
  return part === "layer" || (part === "head" && head === open[2]);
}

/** Open what a target stands for. */
function openTarget(rail, at) {
  const target = rail.targets[at];
  if (!target?.opens) return;
  const { kind, layer, head, part, stack } = target;
  if (head === undefined) rail.tell("part", [part, stack]);
  else {
    markPlace(rail, { ...rail.data.place, head: [kind, layer, head], title: target.name });
    rail.tell("head", [kind, layer, head]);
  }
  rail.close();
}

/** Pointer: hover names what is under it, a click opens it. */
export function listenToDiagram(rail) {
  const at = (event) => Number(event.target.dataset?.at ?? -1);
  const hint = ({ opens, head }) =>
    !opens ? "no view shows it alone" : head === undefined ? "click to open its view" : "click to open it";
  rail.map.addEventListener("pointermove", (event) => {
    const target = rail.targets[at(event)];
    showTip(rail.tip, event, target && [target.name, hint(target)]);
    rail.map.dataset.hover = target?.name ?? "";
  });
  rail.map.addEventListener("pointerleave", (event) => showTip(rail.tip, event, null));
  rail.map.addEventListener("click", (event) => openTarget(rail, at(event)));
}

/** The keyboard's cursor. */
function cursorOver(rail) {
  const show = () => {
    const { x, y, width, height, name } = rail.targets[rail.cursor];
    const edge = 1.5;
    const box = { x: x - edge, y: y - edge, width: width + 2 * edge, height: height + 2 * edge };
    for (const [key, value] of Object.entries(box)) rail.frame.setAttribute(key, String(value));
    rail.frame.classList.add("on");
    rail.live.textContent = name;
    rail.map.dataset.cursor = name;
  };
  return {
    move: (down, across) => {
      rail.cursor = neighbour(rail.targets, rail.cursor, down, across);
      show();
    },
    act: () => openTarget(rail, rail.cursor),
    show: () => {
      rail.cursor = rail.start;
      show();
    },
    hide: () => rail.frame.classList.remove("on"),
  };
}
