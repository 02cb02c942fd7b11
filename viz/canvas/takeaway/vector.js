// A drawing context that writes SVG: the part of CanvasRenderingContext2D that the components draw with. Text stays text.

import { contextOf } from "../shared/dom.js";

const MOST_CELLS = 1024; // of an image whose cells become shapes; a larger one stays an image
const ANCHORS = { center: "middle", right: "end", end: "end" };
const DIGITS = 100; // parts of a pixel that are told apart
let clips = 0; // clip paths so far: several pictures may stand in one document

const round = (number) => Math.round(number * DIGITS) / DIGITS;
/**
 * Text as XML has it.
 * @param {string} text
 */
export const escaped = (text) =>
  Array.from(text)
    .filter((sign) => sign >= " " && !"\ufffe\uffff".includes(sign)) // XML has no place for these
    .map((sign) => ('&<>"'.includes(sign) ? `&#${sign.charCodeAt(0)};` : sign))
    .join("");
const markup = (attributes) =>
  Object.entries(attributes)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join("");

/** Draws by writing; `picture` gives what was drawn as one SVG document. */
export class Vector {
  constructor() {
    this.parts = [];
    this.plain = contextOf(document.createElement("canvas")); // knows the state, and how wide text is
    this.path = "";
    this.groups = [0]; // open ones since each save
    /** @type {number[]} */
    this.dashes = []; // of lines
    /** @type {number[][]} */
    this.earlier = []; // the same, at each save
  }

  /** An SVG document of a size, with a name. */
  picture(width, height, title) {
    const size = { width: round(width), height: round(height), viewBox: `0 0 ${round(width)} ${round(height)}` };
    const open = this.groups.reduce((sum, count) => sum + count, 0);
    const body = `${this.parts.join("\n")}${"</g>".repeat(open)}`;
    return `<svg xmlns="http://www.w3.org/2000/svg" role="img"${markup(size)}>\n<title>${escaped(title)}</title>\n${body}\n</svg>\n`;
  }

  save() {
    this.plain.save();
    this.groups.push(0);
    this.earlier.push(this.dashes);
  }

  restore() {
    if (this.groups.length === 1) return;
    this.plain.restore();
    this.dashes = this.earlier.pop() || [];
    this.close(this.groups.pop());
  }

  close(count) {
    if (count) this.parts.push("</g>".repeat(count));
  }

  open(attributes) {
    this.parts.push(`<g${markup(attributes)}>`);
    this.groups[this.groups.length - 1] += 1;
  }

  translate(x, y) {
    if (x || y) this.open({ transform: `translate(${round(x)} ${round(y)})` });
  }

  rotate(angle) {
    this.open({ transform: `rotate(${round((angle * 180) / Math.PI)})` });
  }

  scale(x, y) {
    if (x !== 1 || y !== 1) this.open({ transform: `scale(${x} ${y})` });
  }

  transform(...matrix) {
    this.open({ transform: `matrix(${matrix.map((number) => Number(number.toFixed(5))).join(" ")})` });
  }

  setLineDash(lengths) {
    this.dashes = lengths;
  }

  beginPath() {
    this.path = "";
  }

  moveTo(x, y) {
    this.path += `M${round(x)} ${round(y)}`;
  }

  lineTo(x, y) {
    this.path += `${this.path ? "L" : "M"}${round(x)} ${round(y)}`;
  }

  closePath() {
    this.path += "Z";
  }

  rect(x, y, width, height) {
    this.path += `M${round(x)} ${round(y)}h${round(width)}v${round(height)}h${round(-width)}Z`;
  }

  roundRect(x, y, width, height, radius) {
    const r = Math.max(0, Math.min(Number(radius), width / 2, height / 2));
    const corner = (across, down) => `a${round(r)} ${round(r)} 0 0 1 ${round(across)} ${round(down)}`;
    const [wide, high] = [round(width - 2 * r), round(height - 2 * r)];
    this.path += `M${round(x + r)} ${round(y)}h${wide}${corner(r, r)}v${high}${corner(-r, r)}h${-wide}${corner(-r, -r)}v${-high}${corner(r, -r)}Z`;
  }

  arc(x, y, radius, from, to) {
    const at = (angle) => `${round(x + radius * Math.cos(angle))} ${round(y + radius * Math.sin(angle))}`;
    const arc = (end, large) => `A${round(radius)} ${round(radius)} 0 ${large} 1 ${at(end)}`;
    const whole = Math.abs(to - from) >= 2 * Math.PI - 1e-6;
    this.path += `${this.path ? "L" : "M"}${at(from)}`;
    this.path += whole
      ? `${arc(from + Math.PI, 1)}${arc(from + 2 * Math.PI, 1)}Z`
      : arc(to, Math.abs(to - from) > Math.PI ? 1 : 0);
  }

  clip() {
    const id = `clip-${++clips}`;
    this.parts.push(`<clipPath id="${id}"><path d="${this.path}"/></clipPath>`);
    this.open({ "clip-path": `url(#${id})` });
  }

  fill() {
    this.shape("path", { d: this.path }, true);
  }

  stroke() {
    this.shape("path", { d: this.path }, false);
  }

  /** A curve as SVG writes it, stroked. */
  strokeData(d) {
    this.shape("path", { d }, false);
  }

  fillRect(x, y, width, height) {
    this.shape("rect", { x: round(x), y: round(y), width: round(width), height: round(height) }, true);
  }

  strokeRect(x, y, width, height) {
    this.shape("rect", { x: round(x), y: round(y), width: round(width), height: round(height) }, false);
  }

  clearRect() {}

  shape(name, attributes, filled) {
    const { fillStyle, strokeStyle, lineWidth, globalAlpha } = this.plain;
    const look = filled
      ? { fill: fillStyle }
      : { fill: "none", stroke: strokeStyle, "stroke-width": round(lineWidth), "stroke-dasharray": this.dashes.join(" ") };
    this.parts.push(`<${name}${markup({ ...attributes, ...look, opacity: this.opacity(globalAlpha) })}/>`);
  }

  opacity(alpha) {
    return alpha === 1 ? undefined : round(alpha);
  }

  measureText(text) {
    return this.plain.measureText(text);
  }

  fillText(text, x, y) {
    if (!text.trim()) return;
    const { plain } = this;
    const [, style, weight, size, family] = /** @type {RegExpMatchArray} */ (
      plain.font.match(/^(italic )?(?:small-caps )?(\w+ )?([\d.]+)px (.*)$/)
    );
    const look = {
      "font-family": family,
      "font-size": round(Number(size)),
      "font-weight": weight?.trim(),
      "font-style": style?.trim(),
      "text-anchor": ANCHORS[plain.textAlign],
      fill: plain.fillStyle,
      opacity: this.opacity(plain.globalAlpha),
      textLength: round(plain.measureText(text).width), // other fonts take the same room
      lengthAdjust: "spacingAndGlyphs",
    };
    const place = { x: round(x), y: round(y + this.baseline(text)), "xml:space": "preserve" };
    this.parts.push(`<text${markup({ ...place, ...look })}>${escaped(text)}</text>`);
  }

  /** How far below the point of a text its letters stand. */
  baseline(text) {
    const { plain } = this;
    const above = () => plain.measureText(text).actualBoundingBoxAscent;
    const [hung, own] = [above(), plain.textBaseline];
    plain.textBaseline = "alphabetic";
    const shift = above() - hung;
    plain.textBaseline = own;
    return shift;
  }

  /** A picture: one with few cells as shapes, a path for each colour. */
  drawImage(source, x, y, width = source.width, height = source.height) {
    if (this.plain.imageSmoothingEnabled || source.width * source.height > MOST_CELLS)
      return this.image(source, x, y, width, height);
    const [across, down] = [width / source.width, height / source.height];
    for (const [colour, d] of cellPaths(source, x, y, across, down)) {
      const look = { d, fill: colour, opacity: this.opacity(this.plain.globalAlpha), "shape-rendering": "crispEdges" };
      this.parts.push(`<path${markup(look)}/>`);
    }
  }

  image(source, x, y, width, height) {
    const place = { x: round(x), y: round(y), width: round(width), height: round(height), preserveAspectRatio: "none" };
    const look = {
      opacity: this.opacity(this.plain.globalAlpha),
      style: this.plain.imageSmoothingEnabled ? "" : "image-rendering: pixelated",
    };
    this.parts.push(`<image${markup({ ...place, ...look, href: source.toDataURL("image/png") })}/>`);
  }

  /** Another SVG element inside this one. */
  insert(svg, x, y, width, height) {
    const copy = svg.cloneNode(true);
    for (const [name, value] of Object.entries({ x, y, width, height })) copy.setAttribute(name, String(round(value)));
    this.parts.push(new XMLSerializer().serializeToString(copy));
  }
}

for (const name of [
  "fillStyle",
  "strokeStyle",
  "lineWidth",
  "globalAlpha",
  "font",
  "textAlign",
  "textBaseline",
  "imageSmoothingEnabled",
]) {
  Object.defineProperty(Vector.prototype, name, {
    get() {
      return this.plain[name];
    },
    set(value) {
      this.plain[name] = value;
    },
  });
}

/** The cells of an image by colour: colour -> path; neighbours of a row are one shape. */
function cellPaths(source, x, y, across, down) {
  const { width, height } = source;
  const { data } = contextOf(source).getImageData(0, 0, width, height);
  const pixels = new Uint32Array(data.buffer);
  const paths = new Map();
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width;) {
      const pixel = pixels[row * width + column];
      let end = column + 1;
      while (end < width && pixels[row * width + end] === pixel) end++;
      if (pixel >>> 24) {
        const colour = `rgb(${pixel & 255},${(pixel >> 8) & 255},${(pixel >> 16) & 255})`;
        const shape = `M${round(x + column * across)} ${round(y + row * down)}h${round((end - column) * across)}v${round(down)}h${round((column - end) * across)}Z`;
        paths.set(colour, (paths.get(colour) || "") + shape);
      }
      column = end;
    }
  }
  return paths;
}
