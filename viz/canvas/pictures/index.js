// Pictures of the page: saved ones carry their paper, the sentence and what they show; a browser that translates the page leaves them alone.

import { SCALE } from "../shared/paper.js";
import { savePng } from "../takeaway/caption.js";

const PICTURES = ".js-plotly-plot, [data-testid=stVegaLiteChart], [data-testid=stPlotlyChart], .stMultiSelect [data-baseweb=tag]";
const FIELDS = "input, textarea, [role=radiogroup], [data-testid=stButtonGroup]"; // they show text in a language of their own

export default function (component) {
  const { data } = component;
  const room = (window.headlightPictures ||= install());
  Object.assign(room, data);
  mark(room);
}

/** Listen to the whole page, once a tab. */
function install() {
  /** @type {any} */
  const room = { card: null, capture: null };
  document.addEventListener("click", (event) => prepareToSave(room, event), true);
  const click = HTMLAnchorElement.prototype.click;
  HTMLAnchorElement.prototype.click = function () {
    const picture = !this.dataset.whole && /\.(png|svg)$/i.test(this.download) && /^(blob:|data:image\/)/.test(this.href);
    if (picture && room.capture)
      room.capture(this.href); // the menu asked Plotly for it
    else if (picture && room.text && /png$/i.test(this.download)) save(room, this.href, click);
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
  if (plot?._context && !room.capture)
    plot._context.toImageButtonOptions = { ...plot._context.toImageButtonOptions, format: "png", scale: SCALE };
}

/** What the picture at hand shows: the view, and the title of its card. */
function subject(room) {
  const title = room.card?.querySelector(".head-title")?.textContent.trim();
  return [room.text.view, title].filter(Boolean).join(": ");
}

/** The picture at `href` on paper, under its title and the sentence, as a file whose name says both. */
async function save(room, href, click) {
  const image = await createImageBitmap(await (await fetch(href)).blob());
  const [width, height] = [image.width / SCALE, image.height / SCALE];
  const drawing = { width, height, draw: (context) => context.drawImage(image, 0, 0, width, height) };
  savePng(drawing, { ...room.text, title: subject(room) }, { colours: room.colours, font: room.font }, (link) =>
    click.call(link),
  );
}
