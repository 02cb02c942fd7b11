// The little markup of figures (<b>, <sup>, <u>, <br>, <span style="color:…">) as text on a canvas, or as nodes of a tooltip.

import { element } from "../shared/dom.js";

/**
 * @typedef {{text: string, bold: boolean, raised: boolean, under: boolean, colour: string}} Run Text of one look.
 * @typedef {{size: number, family: string, colour: string, weight?: number}} Font
 * @typedef {{x: number, y: number, across: number, down: number, angle?: number}} Place A point; which part of the text lies on it, 0..1 from its left and from its top; degrees.
 */

const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', nbsp: "\u00a0" };
const PART = /<br ?\/?>|<\/?(?:b|sup|u|span)\b[^>]*>|<extra>.*?<\/extra>/g;
export const LINE = 1.3; // height of a line, in font sizes
const RAISED = 0.75; // size of what is raised
const lineCache = new Map(); // markup -> lines
/** @type {WeakMap<CanvasRenderingContext2D, object[]>} What is written on a canvas: text, size and place. */
export const texts = new WeakMap();

/**
 * Entities as the characters that they stand for.
 * @param {string} text
 */
function decoded(text) {
  return text.replace(/&(?:#(\d+)|(\w+));/g, (whole, code, name) =>
    code ? String.fromCodePoint(Number(code)) : (ENTITIES[name] ?? whole),
  );
}

/**
 * Markup as lines of runs.
 * @param {string} markup
 * @returns {Run[][]}
 */
export function linesOf(markup) {
  if (!lineCache.has(markup)) {
    if (lineCache.size > 5000) lineCache.clear();
    lineCache.set(markup, readLines(markup));
  }
  return lineCache.get(markup);
}

/** @param {string} markup */
function readLines(markup) {
  /** @type {Run[][]} */
  const lines = [[]];
  const open = { b: 0, sup: 0, u: 0 };
  /** @type {string[]} */
  const colours = [];
  const write = (/** @type {string} */ text) => {
    const look = { bold: open.b > 0, raised: open.sup > 0, under: open.u > 0, colour: colours.at(-1) || "" };
    if (text) lines[lines.length - 1].push({ text: decoded(text), ...look });
  };
  let from = 0;
  for (const { 0: tag, index } of markup.matchAll(PART)) {
    write(markup.slice(from, index));
    from = index + tag.length;
    const name = /** @type {RegExpMatchArray} */ (tag.match(/\w+/))[0];
    const ends = tag[1] === "/";
    if (name === "br") lines.push([]);
    else if (name !== "span" && name in open) open[name] += ends ? -1 : 1;
    else if (name === "span" && ends) colours.pop();
    else if (name === "span") colours.push(tag.match(/color: ?([^;"']+)/)?.[1] || "");
  }
  write(markup.slice(from));
  return lines;
}

/**
 * Markup without its marks, lines parted by a line break.
 * @param {string} markup
 */
export function plainText(markup) {
  return linesOf(markup)
    .map((line) => line.map(({ text }) => text).join(""))
    .join("\n");
}

/**
 * @param {Font} font
 * @param {Run} run
 */
function runFont(font, run) {
  return `${run.bold ? 700 : font.weight || 400} ${run.raised ? font.size * RAISED : font.size}px ${font.family}`;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Font} font
 * @param {Run[]} line
 */
function widthOf(context, font, line) {
  return line.reduce((sum, run) => ((context.font = runFont(font, run)), sum + context.measureText(run.text).width), 0);
}

/**
 * Width and height of markup, CSS pixels.
 * @param {CanvasRenderingContext2D} context
 * @param {string} markup
 * @param {Font} font
 */
export function measure(context, markup, font) {
  const lines = linesOf(markup);
  return { width: Math.max(...lines.map((line) => widthOf(context, font, line))), height: lines.length * LINE * font.size };
}

/**
 * Draw markup; its lines are aligned as a whole is.
 * @param {CanvasRenderingContext2D} context
 * @param {string} markup
 * @param {Font} font
 * @param {Place} place
 */
export function drawMarkup(context, markup, font, { x, y, across, down, angle = 0 }) {
  const lines = linesOf(markup);
  texts
    .get(context)
    ?.push({ text: plainText(markup), size: font.size, angle, x, y, across, down, ...measure(context, markup, font) });
  context.save();
  context.translate(x, y);
  if (angle) context.rotate((angle * Math.PI) / 180);
  context.textBaseline = "middle";
  context.textAlign = "left";
  lines.forEach((line, at) => {
    let left = -across * widthOf(context, font, line);
    const middle = (at + 0.5 - down * lines.length) * LINE * font.size;
    for (const run of line) {
      context.font = runFont(font, run);
      context.fillStyle = run.colour || font.colour;
      context.fillText(run.text, left, middle - (run.raised ? 0.35 * font.size : 0));
      const { width } = context.measureText(run.text);
      if (run.under) context.fillRect(left, middle + 0.48 * font.size, width, 1);
      left += width;
    }
  });
  context.restore();
}

/**
 * Markup as nodes: text only, nothing of it is read as HTML.
 * @param {string} markup
 */
export function nodesOf(markup) {
  return linesOf(markup).map((line) => {
    const row = element("div", "");
    row.append(...line.map(({ text, bold }) => element("span", bold ? "name" : "", {}, text)));
    return row;
  });
}

/**
 * The first word of markup, as markup.
 * @param {string} markup
 */
export function firstWord(markup) {
  return markupOf(plainText(markup).split(/\s/)[0]);
}

/**
 * Markup without colours in lines of at most so many pixels, where its words allow that.
 * @param {CanvasRenderingContext2D} context
 * @param {string} markup
 * @param {Font} font
 * @param {number} width
 */
export function wrapped(context, markup, font, width) {
  if (/<(?!br)/.test(markup)) return markup;
  const lines = markup.split("<br>").flatMap((line) =>
    line.split(" ").reduce((/** @type {string[]} */ parts, word) => {
      const longer = parts.length ? `${parts[parts.length - 1]} ${word}` : word;
      if (parts.length && measure(context, longer, font).width > width) return [...parts, word];
      return [...parts.slice(0, -1), longer];
    }, []),
  );
  return lines.join("<br>");
}

/**
 * Text as markup that shows it.
 * @param {string} text
 */
export function markupOf(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
