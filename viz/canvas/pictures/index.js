// Pictures of the page: saved ones carry their paper, the sentence and what they show; a browser that translates the page leaves them alone.

import { contextOf } from "../shared/dom.js";
import { SCALE, download } from "../shared/paper.js";

const PICTURES = ".js-plotly-plot, [data-testid=stVegaLiteChart], [data-testid=stPlotlyChart], .stMultiSelect [data-baseweb=tag]";
const FIELDS = "input, [role=radiogroup], [data-testid=stButtonGroup]"; // they show text in a language of their own
const FONT = { title: 15, text: 13, line: 1.45, edge: 16 }; // CSS pixels

export default function (component) {
  const { data } = component;
  const room = (window.headlightPictures ||= install());
  Object.assign(room, data);
  mark(room);
}

/** Listen to the whole page, once a tab. */
function install() {
  /** @type {any} */
  const room = { card: null };
  document.addEventListener("click", (event) => prepareToSave(room, event), true);
  const click = HTMLAnchorElement.prototype.click;
  HTMLAnchorElement.prototype.click = function () {
    const picture = /\.png$/i.test(this.download) && /^(blob:|data:image\/png)/.test(this.href);
    if (picture && room.text) save(room, this.href, click);
    else click.call(this);
  };
  let waiting = false;
  new MutationObserver(() => {
    if (!waiting) requestAnimationFrame(() => ((waiting = false), mark(room)));
    waiting = true;
  }).observe(document.body, { childList: true, subtree: true });
  return room;
}

/** Keep pictures, and the widgets that offer tokens, out of a translation of the page; say what is French. */
function mark(room) {
  const places = room.tokens.map((key) => `.st-key-${key}`).join();
  for (const node of document.querySelectorAll(`${PICTURES}, ${places}`)) say(node, "translate", "no");
  for (const [key, language] of Object.entries(room.languages)) {
    for (const node of document.querySelectorAll(`.st-key-${key} :is(${FIELDS})`)) say(node, "lang", language);
  }
}

/** Set an attribute, once: to set it again would wake all who watch the page. */
function say(node, attribute, value) {
  if (node.getAttribute(attribute) !== value) node.setAttribute(attribute, value);
}

/** A picture may be about to be saved: remember which, and ask Plotly for twice its resolution. */
function prepareToSave(room, event) {
  const path = event.composedPath().filter((node) => node instanceof Element);
  room.card = path.find((node) => /(^| )st-key-card-/.test(node.className)) || null;
  const plot = path.find((node) => node.classList.contains("js-plotly-plot"));
  if (plot?._context) plot._context.toImageButtonOptions = { ...plot._context.toImageButtonOptions, format: "png", scale: SCALE };
}

/** What the picture at hand shows: the view, and the title of its card. */
function subject(room) {
  const title = room.card?.querySelector(".head-title")?.textContent.trim();
  return [room.text.view, title].filter(Boolean).join(": ");
}

/** The picture at `href` on paper, under its title and the sentence, as a file whose name says both. */
async function save(room, href, click) {
  const [title, text, colours] = [subject(room), room.text, room.colours];
  const image = await createImageBitmap(await (await fetch(href)).blob());
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(image.width, 480 * SCALE);
  const context = contextOf(canvas);
  const heading = { font: `700 ${FONT.title * SCALE}px ${room.font}`, colour: colours.ink, size: FONT.title };
  const small = { font: `${FONT.text * SCALE}px ${room.font}`, colour: colours.soft, size: FONT.text };
  const lines = [...wrapped(context, title, heading), ...text.lines.flatMap((line) => wrapped(context, line, small))];
  const head = SCALE * (2 * FONT.edge + lines.reduce((sum, { size }) => sum + size * FONT.line, 0));
  canvas.height = Math.ceil(head + image.height);
  context.fillStyle = colours.card;
  context.fillRect(0, 0, canvas.width, canvas.height);
  write(context, lines);
  context.drawImage(image, Math.floor((canvas.width - image.width) / 2), Math.ceil(head));
  const file = `${["headlight", name(title), name(text.sentence)].filter(Boolean).join("_")}.png`;
  download(canvas, file, (link) => click.call(link));
}

/** Text in lines that fit: [{text, font, colour, size}]; three of them at most. */
function wrapped(context, text, look) {
  context.font = look.font;
  const room = context.canvas.width - 2 * FONT.edge * SCALE;
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (context.measureText(longer).width <= room || !lines.at(-1)) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  const first = lines.slice(0, 3).map((line, at) => cut(context, at === 2 && lines.length > 3 ? `${line} …` : line, room));
  return first.filter(Boolean).map((line) => ({ ...look, text: line }));
}

/** A line cut to a width, with an ellipsis. */
function cut(context, line, width) {
  if (context.measureText(line).width <= width) return line;
  let [least, most] = [0, line.length];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (context.measureText(`${line.slice(0, middle)}…`).width <= width) least = middle;
    else most = middle - 1;
  }
  return `${line.slice(0, least)}…`;
}

function write(context, lines) {
  let y = FONT.edge * SCALE;
  context.textBaseline = "top";
  for (const { text, font, colour, size } of lines) {
    Object.assign(context, { font, fillStyle: colour });
    context.fillText(text, FONT.edge * SCALE, y);
    y += size * FONT.line * SCALE;
  }
}

/** Text as part of a file's name: letters and digits of any script, the rest as hyphens, not too long. */
function name(text) {
  const words = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, "-")
    .replace(/^-+|-+$/g, "");
  return Array.from(words).slice(0, 60).join("").replace(/-+$/, "");
}
