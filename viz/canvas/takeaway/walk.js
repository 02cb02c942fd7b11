// A component as it stands on the page, drawn on a context: its boxes, its text and its canvases.

import { drawingUnit } from "../shared/dom.js";
import { play, record } from "./tape.js";

const CONTROLS = ".tip, .unseen, .walk, .controls, .whole, .status.idle, style, script, [hidden]"; // what no picture shows
const CLEAR = /^(transparent|rgba\(.*, 0\))$/;

/**
 * What of a component a picture shows: its size in CSS pixels, and how to draw it on a context whose origin is its corner.
 * @param {HTMLElement} root
 */
export function drawingOf(root) {
  const edge = extent(root);
  return {
    width: edge.right - edge.x,
    height: edge.bottom - edge.y,
    draw: (context) => {
      const room = { context, tapes: record(root), edge };
      for (const child of root.children) walk(room, child, false);
    },
  };
}

/** The box around what of a component is drawn. */
function extent(root) {
  const boxes = [...root.children]
    .filter(isDrawn)
    .map((child) => child.getBoundingClientRect())
    .filter(({ width, height }) => width * height);
  const [x, y] = [Math.min(...boxes.map((box) => box.x)), Math.min(...boxes.map((box) => box.y))];
  return { x, y, right: Math.max(...boxes.map((box) => box.right)), bottom: Math.max(...boxes.map((box) => box.bottom)) };
}

function isDrawn(node) {
  if (node.matches(CONTROLS)) return false;
  const { display, visibility, opacity } = getComputedStyle(node);
  return display !== "none" && visibility !== "hidden" && opacity !== "0";
}

function walk(room, node, isStruck) {
  if (node.nodeType === Node.TEXT_NODE) return drawText(room, node, isStruck);
  if (node.nodeType !== Node.ELEMENT_NODE || !isDrawn(node)) return;
  const look = getComputedStyle(node);
  if (node.localName === "svg") return drawSvg(room, node);
  const { context } = room;
  context.save();
  context.globalAlpha *= Number(look.opacity);
  const untransformed = node.style.transform;
  const turned = look.transform !== "none" && turn(room, node, look);
  drawBox(room, node, look);
  if (look.overflowX !== "visible" || look.overflowY !== "visible") clipTo(room, node);
  if (node.localName === "canvas") drawCanvas(room, node);
  else for (const child of node.childNodes) walk(room, child, isStruck || look.textDecorationLine.includes("line-through"));
  if (turned) node.style.transform = untransformed;
  context.restore();
}

/** Turn the context as CSS turns a node, and the node straight for as long as it is looked at. */
function turn({ context, edge }, node, look) {
  const matrix = new DOMMatrix(look.transform);
  node.style.transform = "none";
  const box = node.getBoundingClientRect();
  const [across, down] = getComputedStyle(node).transformOrigin.split(" ").map(parseFloat);
  const [x, y] = [box.x - edge.x + across, box.y - edge.y + down];
  context.translate(x, y);
  context.transform(matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f);
  context.translate(-x, -y);
  return true;
}

function clipTo({ context, edge }, node) {
  const box = node.getBoundingClientRect();
  context.beginPath();
  context.rect(box.x - edge.x, box.y - edge.y, box.width, box.height);
  context.clip();
}

/** Ground, frame and the rings that shadows without blur are. */
function drawBox({ context, edge }, node, look) {
  const box = node.getBoundingClientRect();
  const [x, y, radius] = [box.x - edge.x, box.y - edge.y, parseFloat(look.borderTopLeftRadius) || 0];
  if (!CLEAR.test(look.backgroundColor)) {
    context.fillStyle = look.backgroundColor;
    context.beginPath();
    context.roundRect(x, y, box.width, box.height, radius);
    context.fill();
  }
  const sides = ["Top", "Right", "Bottom", "Left"].map((side) => ({
    width: look[`border${side}Style`] === "none" ? 0 : parseFloat(look[`border${side}Width`]),
    colour: look[`border${side}Color`],
  }));
  if (sides.every(({ width, colour }) => width && width === sides[0].width && colour === sides[0].colour))
    ring(context, x, y, box, -sides[0].width, radius, sides[0].colour);
  else sides.forEach((side, at) => side.width && !CLEAR.test(side.colour) && drawSide(context, x, y, box, side, at));
  const shadow = look.boxShadow.match(/^(rgba?\([^)]*\)) 0px 0px 0px ([\d.]+)px( inset)?$/);
  if (shadow) ring(context, x, y, box, (shadow[3] ? -1 : 1) * Number(shadow[2]), radius, shadow[1]);
}

/** A ring of a width around a box, or (below 0) inside it. */
function ring(context, x, y, box, width, radius, colour) {
  context.strokeStyle = colour;
  context.lineWidth = Math.abs(width);
  context.beginPath();
  context.roundRect(x - width / 2, y - width / 2, box.width + width, box.height + width, Math.max(0, radius + width / 2));
  context.stroke();
}

/** One side of a frame, from the top clockwise. */
function drawSide(context, x, y, box, { width, colour }, at) {
  context.fillStyle = colour;
  if (at % 2) context.fillRect(at === 1 ? x + box.width - width : x, y, width, box.height);
  else context.fillRect(x, at === 2 ? y + box.height - width : y, box.width, width);
}

/** A canvas by what is drawn on it, or as it is where its component does not draw it again. */
function drawCanvas({ context, tapes, edge }, canvas) {
  const box = canvas.getBoundingClientRect();
  const style = getComputedStyle(canvas);
  const inset = parseFloat(style.borderLeftWidth) || 0;
  const marks = tapes.get(canvas);
  context.translate(box.x - edge.x + inset, box.y - edge.y + inset);
  if (!marks?.length) return context.drawImage(canvas, 0, 0, box.width - 2 * inset, box.height - 2 * inset);
  const unit = drawingUnit();
  context.scale(unit, unit);
  play(context, marks);
}

/** Text, line by line, as the browser broke it. */
function drawText({ context, edge }, node, isStruck) {
  const look = getComputedStyle(node.parentElement);
  context.font = `${look.fontStyle} ${look.fontWeight} ${look.fontSize} ${look.fontFamily}`;
  Object.assign(context, { fillStyle: look.color, textBaseline: "alphabetic", textAlign: "left" });
  for (const { text, box } of linesOfText(node)) {
    const { fontBoundingBoxAscent: above, fontBoundingBoxDescent: below } = context.measureText(text);
    const y = box.y - edge.y + (box.height * above) / (above + below);
    context.fillText(text, box.x - edge.x, y);
    if (isStruck) context.fillRect(box.x - edge.x, y - above / 3.2, box.width, 1);
  }
}

/** The lines of a text node: what is written on each, and the box around it. */
function linesOfText(node) {
  const range = document.createRange();
  /** @type {{text: string, box: DOMRect, from: number}[]} */
  const lines = [];
  for (const { 0: word, index } of node.data.matchAll(/\S+/g)) {
    const last = lines[lines.length - 1];
    range.setStart(node, last ? last.from : index);
    range.setEnd(node, index + word.length);
    const boxes = range.getClientRects();
    if (last && boxes.length === 1) Object.assign(last, { text: textOf(range), box: boxes[0] });
    else {
      range.setStart(node, index);
      const [box] = range.getClientRects();
      if (box) lines.push({ text: word, box, from: index });
    }
  }
  return lines;
}

/** What a range reads like: spaces are one, unless they are kept. */
function textOf(range) {
  const keepsSpaces = getComputedStyle(range.startContainer.parentElement).whiteSpaceCollapse === "preserve";
  return keepsSpaces ? range.toString() : range.toString().replace(/\s+/g, " ");
}

/** The lines of a layer of SVG over the page. */
function drawSvg({ context, edge }, svg) {
  const box = svg.getBoundingClientRect();
  context.save();
  context.translate(box.x - edge.x, box.y - edge.y);
  for (const path of svg.querySelectorAll("path")) {
    const look = getComputedStyle(path);
    Object.assign(context, {
      strokeStyle: look.stroke,
      lineWidth: parseFloat(look.strokeWidth),
      globalAlpha: Number(look.opacity),
    });
    if (context.strokeData) context.strokeData(path.getAttribute("d"));
    else context.stroke(new Path2D(path.getAttribute("d")));
  }
  context.restore();
}
