// What the browser itself can hand over: the picture on the page as a file, and the link to what the page shows.

import { element } from "../shared/dom.js";
import { SCALE, offer } from "../shared/paper.js";
import { fileName, savePng, saveSvg } from "./caption.js";
import { pageOf, withLengths } from "./page.js";
import { drawingOf } from "./walk.js";

const PATIENCE = 10000; // milliseconds for a chart to be drawn
const ACTS = {
  svg: ["SVG", "Save the picture as SVG", (room) => save(room, "svg")],
  png: ["PNG", "Save the picture as PNG", (room) => save(room, "png")],
  page: ["HTML", "Save the picture as an HTML page that answers to the pointer", savePage],
  link: ["Copy link", "Copy the link to this state of the page", copyLink],
};

export default function (component) {
  const { data, parentElement } = component;
  const room = (parentElement.headlight ||= build(parentElement));
  Object.assign(room, data);
  room.root.setAttribute("aria-label", data.words.title); // of several pictures the one that is chosen
  for (const [name, colour] of Object.entries(data.look.colours)) room.root.style.setProperty(`--${name}`, colour);
  if (room.offers === data.buttons.join()) return;
  room.offers = data.buttons.join();
  const buttons = data.buttons.map((name) => {
    const [text, label, act] = ACTS[name];
    const button = element(
      "button",
      "",
      { type: "button", "aria-label": label, title: label, "data-testid": `take-${name}` },
      text,
    );
    button.addEventListener("click", () => attempt(room, act));
    return button;
  });
  room.row.replaceChildren(...buttons);
}

function build(parent) {
  const root = element("div", "takeaway", { role: "group" });
  const row = element("div", "row");
  const status = element("span", "status", { role: "status" });
  root.append(row, status);
  parent.append(root);
  return /** @type {any} */ ({ root, row, status });
}

/** Do it, and say what came of it. */
async function attempt(room, act) {
  try {
    room.status.textContent = await act(room);
  } catch (error) {
    room.status.textContent = "This did not work here; the browser's console says why.";
    throw error;
  }
}

/** The picture as a file of a kind. */
async function save(room, kind) {
  const drawing = await drawingFor(room, kind);
  if (kind === "svg") saveSvg(drawing, room.words, room.look);
  else savePng(drawing, room.words, room.look);
  return `Saved as ${kind.toUpperCase()}`;
}

async function savePage(room) {
  offer(new Blob([pageOf(await vegaOf(room), room.words, room.look)], { type: "text/html" }), fileName(room.words, "html"));
  return "Saved as HTML";
}

/** The address says all that the page shows. */
async function copyLink() {
  try {
    await navigator.clipboard.writeText(window.location.href);
    return "Link copied";
  } catch {
    return "Copy the address bar"; // the browser lets no page write there, or not this one
  }
}

/** The element of the page that a picture stands in. */
function placeOf({ picture }) {
  const name = `.st-key-${CSS.escape(picture.key)}`;
  return /** @type {HTMLElement} */ (document.querySelector(name) || above(document.querySelector(`${name}-as-table`)));
}

/** What stands nearest above the table of a chart and holds one: Streamlit gives charts of Vega no class of their own. */
function above(table) {
  let node = table;
  while (node && !node.querySelector("[data-testid=stVegaLiteChart]")) node = node.previousElementSibling || node.parentElement;
  return node;
}

/** The chart of Vega as an SVG, which it is while the menu is open: drawn anew when that opens, so perhaps a moment later. */
async function vegaOf(room) {
  for (const end = performance.now() + PATIENCE; performance.now() < end; await new Promise(requestAnimationFrame)) {
    const svg = placeOf(room)?.querySelector("svg.marks");
    if (svg) return /** @type {SVGSVGElement} */ (svg);
  }
  throw new Error("The chart was not drawn as an SVG.");
}

/** How the picture is drawn once more, whoever drew it on the page. */
async function drawingFor(room, kind) {
  const place = placeOf(room);
  if (room.picture.component === "plotly") return plotlyDrawing(place.querySelector(".js-plotly-plot"), kind);
  if (room.picture.component === "vega") return insertedDrawing(await vegaOf(room), kind);
  return drawingOf(canvasRoot(place));
}

/** The root of the component in a place. */
function canvasRoot(place) {
  for (const node of place.querySelectorAll("*")) {
    const root = node.shadowRoot?.querySelector(".room");
    if (root) return root;
  }
  throw new Error("There is no picture here.");
}

/** A document of SVG as a drawing: inside another as it is, on a canvas as an image. */
async function insertedDrawing(original, kind) {
  const svg = withLengths(original);
  const { width, height } = svg.viewBox.baseVal.width ? svg.viewBox.baseVal : svg.getBoundingClientRect();
  if (kind === "svg") return { width, height, draw: (context) => context.insert(svg, 0, 0, width, height) };
  const copy = /** @type {SVGElement} */ (svg.cloneNode(true));
  for (const [name, size] of Object.entries({ width, height })) copy.setAttribute(name, String(size * SCALE));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await image.decode();
  return { width, height, draw: (context) => context.drawImage(image, 0, 0, width, height) };
}

/** What Plotly draws, as Plotly writes it. */
async function plotlyDrawing(plot, kind) {
  const file = await fileOfPlot(plot, kind);
  if (kind === "svg")
    return insertedDrawing(new DOMParser().parseFromString(await file.text(), "image/svg+xml").documentElement, kind);
  const image = await createImageBitmap(file);
  const [width, height] = [image.width / SCALE, image.height / SCALE];
  return { width, height, draw: (context) => context.drawImage(image, 0, 0, width, height) };
}

/** Plotly saves by its own button; the page catches the file (pictures/index.js), which is gone as soon as the button is pressed. */
function fileOfPlot(plot, kind) {
  const pictures = /** @type {any} */ (window).headlightPictures;
  return new Promise((resolve) => {
    pictures.capture = (href) => {
      pictures.capture = null;
      resolve(fetch(href).then((answer) => answer.blob()));
    };
    plot._context.toImageButtonOptions = {
      ...plot._context.toImageButtonOptions,
      format: kind,
      scale: kind === "svg" ? 1 : SCALE,
    };
    plot.querySelector(".modebar-btn[data-title^='Download plot']").click();
  });
}
