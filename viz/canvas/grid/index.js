// All heads at once: one canvas for each kind of attention, a tooltip in words, a click or Enter that opens a head.

const GAP = 5; // between heads, CSS pixels
const ROW_LABEL = 18; // width of the layer numbers
const COLUMN_LABEL = 18; // height of the head numbers, above the first kind
const NARROW = 560; // below this width titles stand above their heads

export default function (component) {
  const { data, parentElement } = component;
  let grid = parentElement.headsGrid;
  if (!grid) grid = parentElement.headsGrid = build(parentElement);
  grid.open = (kind, layer, head) => component.setTriggerValue("open", { kind, layer, head });
  Object.assign(grid, unpack(data));
  grid.selected = grid.header.selected;
  grid.palette = applyTheme(grid.root, grid.header);
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
  const [squares, shade] = [element("span", ""), element("span", "")];
  const [least, most] = [element("span", ""), element("span", "")];
  scale.append(least, bar, most, shade);
  legend.append(squares, scale);
  const tip = element("div", "tip", { "data-testid": "heads-grid-tip", "aria-hidden": "true" });
  tip.append(element("div", "name"), element("div", "cell"));
  const live = element("div", "unseen", { "aria-live": "polite" });
  root.append(legend, tip, live);
  parent.append(root);
  const grid = { root, squares, shade, least, most, bar, tip, live, sections: [], drawn: 0, cursor: null, pointer: null };
  grid.observer = new ResizeObserver(() => {
    if (grid.header && grid.root.clientWidth !== grid.width) draw(grid);
  });
  root.addEventListener("keydown", (event) => onKey(grid, event));
  root.addEventListener("focus", () => root.matches(":focus-visible") && moveTo(grid, grid.cursor || grid.selected || ["encoder", 0, 0]));
  root.addEventListener("blur", () => frames(grid));
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
  root.setAttribute("aria-label", header.texts.label);
  grid.squares.textContent = header.texts.squares + (header.star ? " · ★ aligns words best" : "");
  grid.shade.textContent = header.texts.shade;
  let start = 0;
  header.kinds.forEach((kind, index) => {
    const section = (grid.sections[index] ||= buildSection(grid, kind.name));
    Object.assign(section, { kind, start, signed: header.signed, shades: header.signed ? signedShades(palette, header.shade_power) : shades(palette.card, palette[kind.name], header.shade_power) });
    section.title.textContent = kind.title;
    section.title.style.color = palette[kind.name];
    section.caption.textContent = kind.caption;
    section.frames[1].style.borderColor = palette[kind.name];
    start += kind.layers * kind.heads * kind.rows * kind.columns;
  });
  grid.least.textContent = header.signed ? "−1" : "0";
  grid.most.textContent = header.signed ? "+1" : "1";
  const context = prepare(grid.bar, 96, 8);
  for (let x = 0; x < 96; x++) {
    const share = header.signed ? (2 * x) / 95 - 1 : x / 95;
    context.globalAlpha = Math.abs(share) ** header.shade_power;
    context.fillStyle = header.signed ? (share < 0 ? palette.negative : palette.positive) : palette.soft;
    context.fillRect(x, 0, 1, 8);
  }
}

/** Colour of each code 0..200 of a change, 100 for none; 255 for a token that is new. */
function signedShades(palette, power) {
  return Uint32Array.from({ length: 256 }, (_, code) => {
    if (code === 255) return pixel(channels(palette.line));
    const share = (Math.min(code, 200) - 100) / 100;
    const [from, to] = [channels(palette.zero), channels(share < 0 ? palette.negative : palette.positive)];
    return pixel(from.map((value, at) => Math.round(value + (to[at] - value) * Math.abs(share) ** power)));
  });
}

function pixel([red, green, blue]) {
  return (255 << 24) | (blue << 16) | (green << 8) | red;
}

/** Colour of each code 0..200, from the card's to the kind's along weight ** power, as one 32-bit pixel each. */
function shades(card, colour, power) {
  const [from, to] = [channels(card), channels(colour)];
  return Uint32Array.from({ length: 256 }, (_, code) => {
    const share = code === 0 ? 0 : Math.min(1, ((code - 0.5) / 200) ** power);
    return pixel(from.map((value, at) => Math.round(value + (to[at] - value) * share)));
  });
}

/** Lay out and draw everything at the present width. */
function draw(grid) {
  const started = performance.now();
  grid.width = grid.root.clientWidth;
  if (!grid.width) return;
  grid.root.classList.toggle("narrow", grid.width < NARROW);
  grid.sections.forEach((section, index) => {
    layOut(section, section.area.clientWidth, grid.width, index === 0);
    drawSection(grid, section);
  });
  frames(grid);
  if (grid.pointer) point(grid);
  grid.drawn += 1;
  grid.root.dataset.milliseconds = (performance.now() - started).toFixed(1);
  grid.root.dataset.drawn = String(grid.drawn);
}

/** Where the heads of one kind stand, CSS pixels: as flat as rows / columns, within what 18 layers leave of a screen. */
function layOut(section, width, whole, first) {
  const { layers, heads, queries, keys } = section.kind;
  const cell = (width - ROW_LABEL - GAP * (heads - 1)) / heads;
  const tallest = whole >= 900 ? 34 : 31;
  const height = Math.round(Math.min(tallest, Math.max(cell * 0.3, 18, (cell * queries) / keys)));
  const top = first ? COLUMN_LABEL : 0;
  section.boxes = (layer, head) => {
    const x = Math.round(ROW_LABEL + head * (cell + GAP));
    const right = Math.round(ROW_LABEL + head * (cell + GAP) + cell);
    return { x, y: top + layer * (height + GAP), width: right - x, height };
  };
  section.size = { width, height: top + layers * (height + GAP) - GAP + 1, top, cell, step: height + GAP };
}

/** Draw all heads of one kind, with the numbers of layers and, above the first kind, heads. */
function drawSection(grid, section) {
  const { kind, size, start } = section;
  const { header, palette, values } = grid;
  const context = prepare(section.canvas, size.width, size.height);
  context.font = `12px ${header.sans}`;
  context.fillStyle = palette.soft;
  context.textBaseline = "middle";
  for (let layer = 0; layer < kind.layers; layer++) {
    const y = section.boxes(layer, 0).y + (size.step - GAP) / 2;
    context.textAlign = "right";
    context.fillText(String(layer + 1), ROW_LABEL - 7, y + 0.5);
  }
  context.textAlign = "center";
  for (let head = 0; size.top && head < kind.heads; head++) {
    const box = section.boxes(0, head);
    context.fillText(String(head + 1), box.x + box.width / 2, size.top / 2 - 1);
  }
  const area = kind.rows * kind.columns;
  const off = new Set(header.off.map((item) => item.join()));
  const dim = new Set((header.dim || []).map((item) => item.join()));
  context.imageSmoothingEnabled = false;
  for (let index = 0; index < kind.layers * kind.heads; index++) {
    const [layer, head] = [Math.floor(index / kind.heads), index % kind.heads];
    const codes = values.subarray(start + index * area, start + (index + 1) * area);
    const name = [kind.name, layer, head].join();
    context.globalAlpha = dim.has(name) ? 0.15 : off.has(name) ? 0.3 : 1;
    drawHead(context, codes, section, section.boxes(layer, head), palette);
    if ((header.star || []).join() === name) drawStar(context, section.boxes(layer, head), palette);
  }
}

/** A star in the upper right corner of a head, on a disc of the card's colour. */
function drawStar(context, box, palette) {
  const [x, y] = [box.x + box.width - 9, box.y + 9];
  context.globalAlpha = 1;
  context.fillStyle = palette.card;
  context.beginPath();
  context.arc(x, y, 7, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = palette.ink;
  context.textAlign = "center";
  context.fillText("★", x, y + 0.5);
}

/** One head: its codes as an image with round corners inside a hairline. */
function drawHead(context, codes, section, box, palette) {
  const ratio = window.devicePixelRatio || 1;
  const { rows, columns } = section.kind;
  const fitted = fit(codes, section.signed, rows, columns, Math.floor(box.height * ratio), Math.floor(box.width * ratio));
  const image = new ImageData(fitted.columns, fitted.rows);
  const pixels = new Uint32Array(image.data.buffer);
  for (let at = 0; at < pixels.length; at++) pixels[at] = section.shades[fitted.codes[at]];
  const scratch = (section.scratch ||= document.createElement("canvas"));
  if (scratch.width !== image.width || scratch.height !== image.height) [scratch.width, scratch.height] = [image.width, image.height];
  scratch.getContext("2d").putImageData(image, 0, 0);
  context.save();
  context.beginPath();
  context.roundRect(box.x, box.y, box.width, box.height, 4);
  context.clip();
  context.drawImage(scratch, box.x, box.y, box.width, box.height);
  context.restore();
  context.strokeStyle = palette.line;
  context.lineWidth = 1;
  context.beginPath();
  context.roundRect(box.x + 0.5, box.y + 0.5, box.width - 1, box.height - 1, 4);
  context.stroke();
}

/** Codes (row, column) max-pooled to what fits into so many screen pixels, so that no strong cell gets lost. */
function fit(codes, signed, rows, columns, height, width) {
  if (rows <= height && columns <= width) return { codes, rows, columns };
  const [down, across] = [Math.min(rows, height), Math.min(columns, width)];
  const pooled = new Uint8Array(down * across).fill(signed ? 100 : 0);
  for (let row = 0; row < rows; row++) {
    const to = Math.floor((row * down) / rows) * across;
    for (let column = 0; column < columns; column++) {
      const at = to + Math.floor((column * across) / columns);
      pooled[at] = stronger(pooled[at], codes[row * columns + column], signed);
    }
  }
  return { codes: pooled, rows: down, columns: across };
}

/** Of two codes the one that says more: the larger weight, or the larger change; new tokens only where nothing else is. */
function stronger(first, second, signed) {
  if (!signed) return Math.max(first, second);
  if (first === 255 || second === 255) return first === 255 ? second : first;
  return Math.abs(second - 100) > Math.abs(first - 100) ? second : first;
}
