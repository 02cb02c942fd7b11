// A figure of cells, bars, lines and points on one canvas: what is flat needs neither a scene in space nor a tree of nodes.

import { contextOf, drawingUnit, element, prepare, roomBelow, widthInside } from "../shared/dom.js";
import { countDrawing, enter, watch } from "../shared/room.js";
import { makeTip } from "../shared/tooltip.js";
import { layAxes } from "./axes.js";
import { drawAxes, drawGround, drawLegend, drawNotes, drawScales, drawShapes, drawZeros } from "./frame.js";
import { drawHeading, withTitle } from "./heading.js";
import { drawParts } from "./marks.js";
import { boxAround, listen, pointAgain } from "./pointer.js";
import { texts } from "./text.js";
import { answers, fillTemplate } from "./words.js";

const NARROWEST = 120; // pixels of the drawing
const LOWEST = 60; // of what lies between the margins

export default function (component) {
  const old = component.parentElement.headlight;
  if (old && isSame(old.bytes, component.data) && old.frames) return watch(old, old.root);
  const room = enter(component, build);
  const { header, root, values } = room;
  room.bytes = component.data;
  room.look = { data: unpackData(header.data, values), layout: header.layout };
  room.zoom = {};
  const words = header.layout.meta?.alt || "Picture.";
  root.setAttribute("aria-label", `${words} Arrow keys move over what is drawn; Enter chooses where that is possible.`);
  draw(room);
  return watch(room, root);
}

/** Whether two runs of bytes are the same. */
function isSame(one, two) {
  return one === two || (one?.length === two.length && one.every((byte, at) => byte === two[at]));
}

/** The elements, made once and kept across reruns. */
function build(parent) {
  const root = element("div", "room figure", { tabindex: "0", role: "application", "data-testid": "figure" });
  const canvas = element("canvas", "", { "aria-hidden": "true" });
  const whole = element(
    "button",
    "whole",
    { type: "button", title: "Show the whole picture again: double click, or Escape" },
    "Whole picture",
  );
  const [frame, zoomBox] = [element("div", "frame"), element("div", "zoom")];
  const tip = makeTip("figure-tip", []);
  const live = element("div", "unseen", { "aria-live": "polite" });
  root.append(canvas, frame, zoomBox, whole, tip, live);
  parent.append(root);
  /** @type {any} */
  const room = {
    root,
    canvas,
    frame,
    zoomBox,
    whole,
    tip,
    live,
    zoom: {},
    targets: [],
    notes: [],
    cursor: null,
    pointer: null,
  };
  const redraw = () => draw(room);
  room.observer = new ResizeObserver(() => hasOtherRoom(room) && redraw());
  whole.addEventListener("click", () => ((room.zoom = {}), redraw()));
  listen(room, redraw);
  room.root.redraw = redraw;
  room.root.boxOf = (spot, name) => boxOfSpot(room, spot, name); // for tests
  return room;
}

/** Whether there is another width or height for the figure than it was drawn in. */
function hasOtherRoom(room) {
  return room.header && (widthInside(room.root) !== room.width || roomBelow(room.root) !== room.below);
}

/** The box of a spot of the part of a name, or of the first one that answers, CSS pixels. */
function boxOfSpot(room, spot, name) {
  const box = boxAround({ target: room.targets.find(({ part }) => (name ? part.name === name : answers(part))), spot });
  return Object.fromEntries(Object.entries(box).map(([side, length]) => [side, length * drawingUnit()]));
}

/** The data with the arrays that Python packed behind the header. */
function unpackData(data, values) {
  return data.map((part) => Object.fromEntries(Object.entries(part).map(([name, value]) => [name, unpackValue(value, values)])));
}

function unpackValue(value, values) {
  if (!value?.shape) return value;
  const body = values.subarray(value.at, value.at + value.shape.reduce((product, length) => product * length, 1));
  return value.shape.length === 1 ? body : { values: body, shape: value.shape };
}

/** Draw everything at the present width. */
function draw(room) {
  const started = performance.now();
  room.width = widthInside(room.root);
  if (!room.width) return;
  room.below = roomBelow(room.root);
  const width = Math.max(NARROWEST, room.look.layout.width || room.width);
  room.layout = lower(withTitle(contextOf(room.canvas), room.look.layout, width), room.below);
  const size = { width, height: room.layout.height || 450 };
  const context = prepare(room.canvas, size.width, size.height);
  paint(room, context, size);
  room.whole.hidden = !Object.keys(room.zoom).length;
  pointAgain(room);
  countDrawing(room, started);
}

/** A layout that is no higher than there is room; its margins stay. */
function lower(layout, room) {
  const { height = 450, margin: { t = 8, b = 8 } = {} } = layout;
  return height <= room ? layout : { ...layout, height: Math.max(room, t + b + LOWEST) };
}

/** Draw the figure on a canvas of a size; what it holds where goes into the room. */
function paint(room, context, size) {
  const { look, layout } = room;
  const { data } = look;
  const figure = { data, layout, size, zoomed: Object.keys(room.zoom).length > 0, axes: layAxes(layout, data, size, room.zoom) };
  texts.set(context, (room.root.texts = []));
  const fill = (part, template, spot) => fillTemplate(figure, part, template, spot);
  room.figure = { ...figure, fill };
  drawGround(context, room.figure);
  drawZeros(context, room.figure);
  room.targets = drawParts(context, room.figure);
  drawAxes(context, room.figure);
  drawShapes(context, room.figure);
  room.notes = drawNotes(context, room.figure);
  drawHeading(context, room.figure);
  drawScales(context, room.figure);
  drawLegend(context, room.figure);
}
