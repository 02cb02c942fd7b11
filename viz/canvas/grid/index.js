// All heads at once: one canvas for each kind of attention, a tooltip in words, a click or Enter that opens a head.

import { addCursor } from "../shared/cursor.js";
import { element, roomBelow, widthInside } from "../shared/dom.js";
import { drawBar } from "../shared/ramps.js";
import { countDrawing, enter, watch } from "../shared/room.js";
import { makeTip } from "../shared/tooltip.js";
import { changeRamp, drawSection, layOut, weightRamp } from "./draw.js";
import { cursorOf, frames, leave, moveCursor, moveTo, onClick, onPointer, openHead, point } from "./pointer.js";

const NARROW = 560; // pixels of the drawing: below this width titles stand above their heads

export default function (component) {
  const grid = enter(component, build);
  grid.open = (kind, layer, head) => component.setTriggerValue("open", { kind, layer, head });
  grid.selected = grid.header.selected;
  write(grid);
  draw(grid);
  return watch(grid, grid.root);
}

/** The elements, made once and kept across reruns. */
function build(parent) {
  const root = element("div", "room heads-grid", { tabindex: "0", role: "application", "data-testid": "heads-grid" });
  const legend = element("div", "legend");
  const scale = element("span", "scale");
  const bar = element("canvas", "", { "aria-hidden": "true" });
  const [squares, shade, least, most] = ["", "", "", ""].map((name) => element("span", name));
  scale.append(least, bar, most, shade);
  legend.append(squares, scale);
  const tip = makeTip("heads-grid-tip", ["name", "cell"]);
  const live = element("div", "unseen", { "aria-live": "polite" });
  root.append(legend, tip, live);
  parent.append(root);
  /** @type {any} */
  const grid = { root, squares, shade, least, most, bar, tip, live, sections: [], cursor: null, pointer: null };
  grid.observer = new ResizeObserver(() => {
    if (grid.header && (widthInside(grid.root) !== grid.width || roomBelow(grid.root) !== grid.below)) draw(grid);
  });
  /** @type {any} */ (root).redraw = () => (write(grid), draw(grid));
  addCursor(root, {
    move: (down, across) => moveCursor(grid, down, across),
    act: () => openHead(grid, cursorOf(grid)),
    show: () => moveTo(grid, cursorOf(grid)),
    hide: () => frames(grid),
  });
  return grid;
}

/** The elements of one kind. */
function buildSection(grid, name) {
  const section = { root: element("section", "kind"), title: element("div", "title"), caption: element("div", "caption") };
  const words = element("div", "words");
  section.area = element("div", "area");
  section.canvas = element("canvas", "", { "aria-hidden": "true" });
  section.frames = ["hovered", "selected", "cursor"].map((role) => element("div", `frame ${role}`));
  section.area.append(section.canvas, ...section.frames);
  words.append(section.title, section.caption);
  section.root.append(words, section.area);
  section.area.addEventListener("pointermove", (event) => onPointer(grid, event));
  section.area.addEventListener("pointerleave", () => leave(grid));
  section.area.addEventListener("click", (event) => onClick(grid, name, event));
  grid.root.insertBefore(section.root, grid.tip);
  return section;
}

/** Words and colours that do not depend on the width. */
function write(grid) {
  const { root, header, palette } = grid;
  root.setAttribute("aria-label", `${header.alt} ${header.texts.label}`.trim());
  grid.squares.textContent = header.texts.squares + (header.star ? " · ★ aligns words best" : "");
  grid.shade.textContent = header.texts.shade;
  let start = 0;
  header.kinds.forEach((kind, index) => {
    const section = (grid.sections[index] ||= buildSection(grid, kind.name));
    const shades = header.signed
      ? changeRamp(palette, header.shade_power)
      : weightRamp(palette.card, palette[kind.name], header.shade_power);
    Object.assign(section, { kind, start, shades, signed: header.signed });
    section.title.textContent = kind.title;
    section.title.style.color = palette[kind.name];
    section.caption.textContent = kind.caption;
    section.frames[1].style.borderColor = palette[kind.name];
    start += kind.layers * kind.heads * kind.rows * kind.columns;
  });
  grid.least.textContent = header.signed ? "−1" : "0";
  grid.most.textContent = header.signed ? "+1" : "1";
  drawBar(grid.bar, (context, share) => {
    const value = header.signed ? 2 * share - 1 : share;
    context.globalAlpha = Math.abs(value) ** header.shade_power;
    context.fillStyle = header.signed ? (value < 0 ? palette.negative : palette.positive) : palette.soft;
  });
}

/** Lay out and draw everything at the present width. */
function draw(grid) {
  const started = performance.now();
  grid.width = widthInside(grid.root);
  if (!grid.width) return;
  grid.below = roomBelow(grid.root);
  const fills = grid.below < Infinity; // a wall, where kinds stand beside each other, as high as the screen
  grid.root.classList.toggle("narrow", fills || grid.width < NARROW);
  grid.sections.forEach((section, index) => {
    layOut(section, widthInside(section.area), grid.width, fills || index === 0, roomBelow(section.area));
    drawSection(grid, section);
  });
  frames(grid);
  if (grid.pointer) point(grid);
  countDrawing(grid, started);
}
