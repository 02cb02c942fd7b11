// Elements and canvases. Tokens enter the page as text only.

export const OVERLAY = 768; // CSS px: up to this width of the window the rail lies over the page

/**
 * A new element with a class, attributes and text.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {Record<string, string>} attributes
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, className, attributes = {}, text = "") {
  const node = document.createElement(tag);
  node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = text;
  return node;
}

/**
 * The drawing context of a canvas, or of the tape that stands in for it while a picture is taken away.
 * @param {HTMLCanvasElement & {standIn?: {context: any, marks: unknown[]}}} canvas
 * @returns {CanvasRenderingContext2D}
 */
export function contextOf(canvas) {
  return canvas.standIn?.context || canvas.getContext("2d");
}

const TYPE = 16; // CSS pixels of the page's type for which drawings are laid out

/**
 * CSS pixels for each pixel of a drawing: 1 where the page's type is 16 px; drawings grow with it, on large screens and where a
 * reader has set larger type.
 */
export function drawingUnit() {
  return measured || measureUnit();
}

let measured = 0; // the unit, as the last drawing found it

function measureUnit() {
  const type = parseFloat(getComputedStyle(document.documentElement).fontSize);
  return (measured = Math.max(1, type / TYPE || 1));
}

/** Pixels of the screen for each pixel of a drawing. */
export function screenRatio() {
  return (window.devicePixelRatio || 1) * drawingUnit();
}

/**
 * The width inside a node, in pixels of a drawing; every drawing begins with it, so the unit is measured here.
 * @param {Element} node
 */
export function widthInside(node) {
  return node.clientWidth / measureUnit();
}

const FOOT = 8; // pixels of the drawing that stay free under it on a wall

/** Whether a picture has a projector's screen to itself: viz/page/present.css says so. */
export function onWall() {
  return Boolean(getComputedStyle(document.documentElement).getPropertyValue("--wall"));
}

/**
 * The height that a drawing may take, from the top of a node down, in its pixels: on a wall nobody scrolls, so what is drawn ends at
 * the foot of the screen. Elsewhere there is no end.
 * @param {Element} node
 */
export function roomBelow(node) {
  if (!onWall()) return Infinity;
  const scrolled = document.querySelector("[data-testid=stMain]")?.scrollTop || 0;
  return Math.max(0, (window.innerHeight - node.getBoundingClientRect().top - scrolled) / drawingUnit() - FOOT);
}

/**
 * Where a pointer is on a node, in pixels of a drawing: [x, y].
 * @param {Element} node
 * @param {{clientX: number, clientY: number}} pointer
 */
export function pointOn(node, { clientX, clientY }) {
  const [edge, unit] = [node.getBoundingClientRect(), drawingUnit()];
  return [(clientX - edge.left) / unit, (clientY - edge.top) / unit];
}

/**
 * A length of a drawing as CSS writes it.
 * @param {number} length
 */
export function cssLength(length) {
  return `${length * drawingUnit()}px`;
}

/**
 * Size a canvas to width x height pixels of a drawing, at the screen's own resolution; returns its context, in these.
 * @param {HTMLCanvasElement & {standIn?: {context: any, marks: unknown[]}}} canvas
 * @param {number} width
 * @param {number} height
 */
export function prepare(canvas, width, height) {
  if (canvas.standIn) {
    canvas.standIn.marks.length = 0;
    return contextOf(canvas);
  }
  const ratio = screenRatio();
  const pixels = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== pixels[0] || canvas.height !== pixels[1]) [canvas.width, canvas.height] = pixels;
  canvas.style.width = cssLength(width);
  canvas.style.height = cssLength(height);
  const context = contextOf(canvas);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/**
 * Pixels, row after row, as an image to draw: on a scratch canvas that `keeper` keeps.
 * @param {{scratch?: HTMLCanvasElement}} keeper
 * @param {number} columns
 * @param {number} rows
 * @param {(at: number) => number} pixelAt
 */
export function pixelImage(keeper, columns, rows, pixelAt) {
  const image = new ImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  for (let at = 0; at < pixels.length; at++) pixels[at] = pixelAt(at);
  const scratch = (keeper.scratch ||= document.createElement("canvas"));
  if (scratch.width !== columns || scratch.height !== rows) [scratch.width, scratch.height] = [columns, rows];
  contextOf(scratch).putImageData(image, 0, 0);
  return scratch;
}

/**
 * Put a node around a box in pixels of a drawing, or away where there is none.
 * @param {HTMLElement} node
 * @param {{x: number, y: number, width: number, height: number} | null} box
 */
export function placeBox(node, box) {
  node.style.display = box ? "block" : "none";
  if (!box) return;
  const [left, top, width, height] = [box.x, box.y, box.width, box.height].map(cssLength);
  Object.assign(node.style, { left, top, width, height });
}

/**
 * Scroll a box, and nothing around it, so that a chip inside can be seen.
 * @param {HTMLElement} box
 * @param {HTMLElement} chip
 */
export function bringInto(box, chip) {
  const top = chip.offsetTop - box.offsetTop;
  if (top < box.scrollTop || top + chip.offsetHeight > box.scrollTop + box.clientHeight) box.scrollTop = top - 4;
  const left = chip.offsetLeft - box.offsetLeft;
  if (left < box.scrollLeft || left + chip.offsetWidth > box.scrollLeft + box.clientWidth) box.scrollLeft = left - 4;
}

/**
 * Mark one of several nodes as the current step.
 * @param {Element} node
 * @param {boolean} current
 */
export function markStep(node, current) {
  if (current) node.setAttribute("aria-current", "step");
  else node.removeAttribute("aria-current");
}

/** The two buttons that walk by a step. */
export function stepButtons() {
  return ["‹ Back", "Next ›"].map((text) => element("button", "", { type: "button" }, text));
}
