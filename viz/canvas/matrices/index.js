// Matrices of tokens side by side: linked hover, a tooltip in words; cells to click, or to paint.

const BETWEEN = 18; // CSS pixels between two panels
const NARROWEST = 300; // of a panel; below this they stand under each other

export default function (component) {
  const { data, parentElement } = component;
  let room = parentElement.matricesRoom;
  if (!room) room = parentElement.matricesRoom = build(parentElement);
  room.report = (name, value) => component.setTriggerValue(name, value);
  Object.assign(room, unpack(data));
  room.stroke = null;
  room.palette = applyTheme(room.root, room.header);
  fill(room);
  draw(room);
  return watch(room, room.root);
}

/** The elements, made once and kept across reruns. */
function build(parent) {
  const root = element("div", "room matrices", { tabindex: "0", role: "application", "data-testid": "matrices" });
  const [legend, panelsBox] = [element("div", "legend"), element("div", "panels")];
  const tip = element("div", "tip", { "data-testid": "matrices-tip", "aria-hidden": "true" });
  tip.append(element("div", "name"), element("div", "cell"), element("div", "others"));
  const live = element("div", "unseen", { "aria-live": "polite" });
  root.append(legend, panelsBox, tip, live);
  parent.append(root);
  const room = { root, legend, panelsBox, tip, live, panels: [], ruler: document.createElement("canvas"), drawn: 0, cursor: null, pointer: null };
  room.observer = new ResizeObserver(() => {
    if (room.header && room.root.clientWidth !== room.width) draw(room);
  });
  root.addEventListener("keydown", (event) => onKey(room, event));
  root.addEventListener("focus", () => root.matches(":focus-visible") && moveTo(room, room.cursor || { at: 0, row: 0, column: 0 }));
  root.addEventListener("blur", () => frames(room));
  return room;
}

/** The elements of one matrix. */
function buildPanel(room, at) {
  const panel = { at, root: element("section", "panel"), title: element("div", "title"), area: element("div", "area"), labels: element("div", "labels") };
  panel.canvas = element("canvas", "", { "aria-hidden": "true" });
  panel.frames = ["row", "column", "cell", "cursor"].map((role) => element("div", `frame ${role}`));
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
    panel.places = matrix.links.map((links) => new Map(links.map((link, place) => [link, place])));
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
  room.width = room.root.clientWidth;
  if (!room.width) return;
  const side = Math.max(1, Math.min(room.panels.length, Math.floor((room.width + BETWEEN) / (NARROWEST + BETWEEN))));
  const width = (room.width - BETWEEN * (side - 1)) / side;
  for (const panel of room.panels) {
    layOut(room, panel, width);
    panel.area.style.width = `${panel.size.width}px`;
    panel.area.style.height = `${panel.size.height}px`;
  }
  for (const panel of room.panels) {
    writeLabels(room, panel);
    drawPanel(room, panel);
  }
  writeLegend(room);
  point(room);
  room.drawn += 1;
  room.root.dataset.milliseconds = (performance.now() - started).toFixed(1);
  room.root.dataset.drawn = String(room.drawn);
  room.root.dataset.turn = String(room.header.turn);
}
