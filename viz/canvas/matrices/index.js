// Matrices of tokens side by side: linked hover, a tooltip in words; cells to click, or to paint.

import { addCursor } from "../shared/cursor.js";
import { cssLength, drawingUnit, element, roomBelow, widthInside } from "../shared/dom.js";
import { countDrawing, enter, watch } from "../shared/room.js";
import { makeTip } from "../shared/tooltip.js";
import { drawPanel, writeLegend } from "./draw.js";
import { layOut, writeLabels } from "./layout.js";
import { cancelStroke, endStroke } from "./paint.js";
import {
  actAtCursor,
  cursorOf,
  frames,
  inside,
  leave,
  markCell,
  moveCursor,
  moveTo,
  onClick,
  onPointer,
  point,
  startStroke,
} from "./pointer.js";

const BETWEEN = 18; // pixels of the drawing between two panels
const NARROWEST = 300; // of a panel; below this they stand under each other

export default function (component) {
  const room = enter(component, build);
  room.report = (name, value) => component.setTriggerValue(name, value);
  room.stroke = null;
  fill(room);
  draw(room);
  return watch(room, room.root);
}

/** The elements, made once and kept across reruns. */
function build(parent) {
  const root = element("div", "room matrices", { tabindex: "0", role: "application", "data-testid": "matrices" });
  const [head, legend, panelsBox] = [element("div", "head"), element("div", "legend"), element("div", "panels")];
  head.append(legend);
  const tip = makeTip("matrices-tip", ["name", "cell", "others"]);
  const live = element("div", "unseen", { "aria-live": "polite" });
  root.append(head, panelsBox, tip, live);
  parent.append(root);
  /** @type {any} */
  const room = {
    root,
    legend,
    panelsBox,
    tip,
    live,
    panels: [],
    ruler: document.createElement("canvas"),
    cursor: null,
    pointer: null,
  };
  room.observer = new ResizeObserver(() => {
    if (room.header && (widthInside(room.root) !== room.width || roomBelow(room.panelsBox) !== room.below)) draw(room);
  });
  /** @type {any} */ (root).redraw = () => draw(room);
  addCursor(root, {
    move: (down, across) => moveCursor(room, down, across),
    act: () => actAtCursor(room),
    show: () => moveTo(room, cursorOf(room)),
    hide: () => frames(room),
    release: () => cancelStroke(room),
  });
  return room;
}

/** The elements of one matrix. */
function buildPanel(room, at) {
  const panel = {
    at,
    root: element("section", "panel"),
    title: element("div", "title"),
    area: element("div", "area"),
    labels: element("div", "labels"),
  };
  panel.canvas = element("canvas", "", { "aria-hidden": "true" });
  panel.frames = ["row", "column", "cell", "cursor", "mark"].map((role) => element("div", `frame ${role}`));
  panel.area.append(panel.canvas, panel.labels, ...panel.frames);
  panel.root.append(panel.title, panel.area);
  panel.area.addEventListener("pointermove", (event) => onPointer(room, panel, event));
  panel.area.addEventListener("pointerdown", (event) => startStroke(room, panel, event));
  panel.area.addEventListener("pointerup", () => endStroke(room));
  panel.area.addEventListener("pointercancel", () => cancelStroke(room));
  panel.area.addEventListener("pointerleave", () => leave(room));
  panel.area.addEventListener("click", (event) => onClick(room, panel, event));
  room.panelsBox.append(panel.root);
  return panel;
}

/** Give every panel its matrix. */
function fill(room) {
  const { header, root, values } = room;
  root.setAttribute("aria-label", header.label);
  root.classList.toggle("paints", header.paints);
  let start = 0;
  header.matrices.forEach((matrix, at) => {
    const panel = (room.panels[at] ||= buildPanel(room, at));
    panel.matrix = matrix;
    panel.codes = values.subarray(start, start + matrix.rows * matrix.columns);
    panel.places = matrix.links.map((links) => new Map(links.map((link, index) => [link, index])));
    panel.title.textContent = matrix.title;
    panel.root.classList.toggle("opens", matrix.opens);
    start += matrix.rows * matrix.columns;
  });
  for (const panel of room.panels.splice(header.matrices.length)) panel.root.remove();
  if (room.cursor && !inside(room, room.cursor)) room.cursor = null;
}

/** Lay out and draw everything at the present width. */
function draw(room) {
  const started = performance.now();
  room.width = widthInside(room.root);
  if (!room.width) return;
  room.below = roomBelow(room.panelsBox);
  const side = Math.max(1, Math.min(room.panels.length, Math.floor((room.width + BETWEEN) / (NARROWEST + BETWEEN))));
  const width = (room.width - BETWEEN * (side - 1)) / side;
  for (const panel of room.panels) {
    layOut(room, panel, width);
    const { left, top, across, down } = panel.size;
    Object.assign(panel.area.style, { width: cssLength(panel.size.width), height: cssLength(panel.size.height) });
    panel.area.dataset.cells = [left, top, across, down].map((length) => length * drawingUnit()).join(); // for tests
  }
  for (const panel of room.panels) {
    writeLabels(room, panel);
    drawPanel(room, panel);
    markCell(panel);
  }
  writeLegend(room);
  point(room);
  countDrawing(room, started);
  room.root.dataset.turn = String(room.header.turn);
}
