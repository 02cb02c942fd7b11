// A picture on a sheet of paper of its own: its title, what it shows and, below it, the address of the page.

import { contextOf } from "../shared/dom.js";
import { download, offer, sheet } from "../shared/paper.js";
import { Vector } from "./vector.js";

const EDGE = 16; // CSS pixels around everything
const NARROWEST = 480; // of a sheet
const LINE = 1.45; // height of a line, in font sizes
const SIZES = { title: 18, text: 13, address: 11 }; // CSS pixels
const MOST = { title: 3, text: 3, address: 8 }; // lines of one text; what is longer ends in an ellipsis

/** @typedef {{width: number, height: number, draw: (context: any) => void}} Drawing A picture in CSS pixels. */
/** @typedef {{title: string, lines: string[], address?: string, sentence: string}} Words What stands around it. */
/** @typedef {{colours: Record<string, string>, font: string}} Look */

/**
 * Where everything stands on the sheet.
 * @param {Drawing} drawing
 * @param {Words} words
 * @param {Look} look
 */
function layOut(drawing, words, { colours, font }) {
  const width = Math.max(drawing.width, NARROWEST) + 2 * EDGE;
  const context = contextOf(document.createElement("canvas"));
  const lines = (name, text, colour) => {
    const style = { font: `${name === "title" ? 700 : 400} ${SIZES[name]}px ${font}`, colour, size: SIZES[name] };
    return wrapped(context, text, style, width - 2 * EDGE, MOST[name]);
  };
  const above = [
    ...lines("title", words.title, colours.ink),
    ...words.lines.flatMap((line) => lines("text", line, colours.soft)),
  ];
  const below = words.address ? lines("address", words.address, colours.soft) : [];
  const tall = (texts) => texts.reduce((sum, { size }) => sum + size * LINE, 0);
  const top = Math.ceil(2 * EDGE + tall(above));
  const foot = Math.ceil(top + drawing.height + EDGE);
  return { width, height: Math.ceil(foot + (below.length ? tall(below) + EDGE : 0)), top, foot, above, below };
}

/** Draw the sheet on a context in CSS pixels. */
function paintSheet(context, drawing, place, colours) {
  context.fillStyle = colours.card;
  context.fillRect(0, 0, place.width, place.height);
  write(context, place.above, EDGE);
  write(context, place.below, place.foot);
  context.save();
  context.translate(Math.floor((place.width - drawing.width) / 2), place.top);
  drawing.draw(context);
  context.restore();
}

function write(context, lines, top) {
  let y = top;
  context.textBaseline = "top";
  context.textAlign = "left";
  for (const { text, font, colour, size } of lines) {
    Object.assign(context, { font, fillStyle: colour });
    context.fillText(text, EDGE, y);
    y += size * LINE;
  }
}

/**
 * Hand the picture to the browser as PNG, twice as large as on the page.
 * @param {Drawing} drawing
 * @param {Words} words
 * @param {Look} look
 * @param {(link: HTMLAnchorElement) => void} [press]
 */
export function savePng(drawing, words, look, press) {
  const place = layOut(drawing, words, look);
  const { picture, context } = sheet(place.width, place.height, look.colours.card);
  paintSheet(context, drawing, place, look.colours);
  download(picture, fileName(words, "png"), press);
}

/**
 * The picture as the text of an SVG file.
 * @param {Drawing} drawing
 * @param {Words} words
 * @param {Look} look
 */
export function svgOf(drawing, words, look) {
  const place = layOut(drawing, words, look);
  const context = new Vector();
  paintSheet(context, drawing, place, look.colours);
  return context.picture(place.width, place.height, words.title);
}

/** Hand it to the browser. */
export function saveSvg(drawing, words, look) {
  offer(new Blob([svgOf(drawing, words, look)], { type: "image/svg+xml" }), fileName(words, "svg"));
}

/** A file's name that says what is in it: the title and the sentence. */
export function fileName(words, ending) {
  return `${["headlight", slug(words.title), slug(words.sentence)].filter(Boolean).join("_")}.${ending}`;
}

/** Text as part of a file's name: letters and digits of any script, the rest as hyphens, not too long. */
function slug(text) {
  const words = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, "-")
    .replace(/^-+|-+$/g, "");
  return Array.from(words).slice(0, 60).join("").replace(/-+$/, "");
}

/** Text in lines that fit: [{text, font, colour, size}], so many at most; a word that is longer than a line is broken. */
function wrapped(context, text, look, room, most) {
  context.font = look.font;
  const lines = [""];
  for (const word of text.split(/\s+/).flatMap((long) => broken(context, long, room))) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (context.measureText(longer).width <= room || !lines.at(-1)) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  const first = lines.slice(0, most);
  if (lines.length > most) first[most - 1] = `${first[most - 1].slice(0, -2)} …`;
  return first.filter(Boolean).map((line) => ({ ...look, text: line }));
}

/** A word in parts that fit into a line. */
function broken(context, word, room) {
  const parts = [];
  let rest = Array.from(word);
  while (rest.length && context.measureText(rest.join("")).width > room) {
    let [least, most] = [1, rest.length];
    while (least < most) {
      const middle = Math.ceil((least + most) / 2);
      if (context.measureText(rest.slice(0, middle).join("")).width <= room) least = middle;
      else most = middle - 1;
    }
    parts.push(rest.slice(0, least).join(""));
    rest = rest.slice(least);
  }
  return [...parts, rest.join("")];
}
