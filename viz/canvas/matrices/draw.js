// Where the cells and labels of the matrices stand, and how they are drawn.

const SLANT = (55 * Math.PI) / 180; // how steeply column labels rise
const LARGEST_CELL = 34; // CSS pixels
const TALLEST_MATRIX = 720;
const LONGEST_LABEL = 16; // characters
const LEVELS = 600; // colours of a scale
const CUT_BY_READER = ["cut", "cut-all", "hidden", "row-cut"];
const STATE_CODES = 65536; // code of state n (from 1): this minus n

/** Name of the state of a code, or null for a value. */
function stateOf(room, code) {
  return room.header.states[STATE_CODES - 1 - code]?.name || null;
}

/** Code of a state by its name. */
function stateCode(room, name) {
  return STATE_CODES - 1 - room.header.states.findIndex((state) => state.name === name);
}

/** The value of a code: 0..1, or -1..1 where the matrix is signed. */
function valueOf(panel, code) {
  return panel.matrix.signed ? (code - 30000) / 30000 : code / 60000;
}

/** The label of a row or column in two parts: what is read (soft), and the token itself. */
function labelParts(panel, axis, index) {
  const { axes, tokens, rows } = panel.matrix;
  const most = panel.longest[axis];
  if (axis === "columns" || !axes.produced) return ["", cut(tokens[axes[axis]].labels[index], Math.min(most, LONGEST_LABEL))];
  const [read, made] = [tokens[axes.rows].labels[index], tokens[axes.produced].labels[index]];
  if (rows > 60) return ["", cut(made, Math.min(most, LONGEST_LABEL))];
  const short = cut(made, Math.min(LONGEST_LABEL, Math.max(most - 3 - Array.from(read).length, Math.ceil((most - 3) / 2))));
  return [`${cut(read, Math.min(LONGEST_LABEL, most - 3 - Array.from(short).length))} → `, short];
}

/** Whether the token of a row or column is a special one. */
function isSpecial(panel, axis, index) {
  const { axes, tokens } = panel.matrix;
  return tokens[axis === "rows" ? axes.produced || axes.rows : axes[axis]].special.includes(index);
}

/** Every how many rows or columns of `size` pixels a label of `room` pixels fits. */
function thinning(size, room) {
  return [1, 2, 5, 10, 20, 50, 100, 200].find((step) => step * size >= room) || 500;
}

/** Where everything of one panel stands, CSS pixels. */
function layOut(room, panel, width) {
  const { rows, columns } = panel.matrix;
  const context = room.ruler.getContext("2d");
  context.font = `13px ${room.header.mono}`;
  const letter = context.measureText("m").width;
  const free = { rows: width * 0.3 - 12, columns: (width * 0.2 - 8) / Math.cos(SLANT) }; // the matrix keeps half of the width
  panel.longest = { rows: Math.max(9, Math.floor(free.rows / letter)), columns: Math.max(6, Math.floor(free.columns / letter)) };
  const widest = (axis, count) => {
    let most = 0;
    for (let at = 0; at < count; at++) most = Math.max(most, context.measureText(labelParts(panel, axis, at).join("")).width);
    return most;
  };
  const left = Math.ceil(widest("rows", rows)) + 12;
  const rise = widest("columns", columns);
  const top = Math.ceil(rise * Math.sin(SLANT)) + 16;
  const last = context.measureText(labelParts(panel, "columns", columns - 1).join("")).width;
  const overhang = Math.ceil(last * Math.cos(SLANT)) + 8;
  const across = Math.min(LARGEST_CELL, Math.max(1, width - left - overhang) / columns);
  const down = Math.min(Math.max(across, 17, top / rows), TALLEST_MATRIX / rows); // and half of the height
  panel.size = { left, top, across, down, width: left + across * columns + overhang, height: top + down * rows + 2 };
}

/** Labels as text, thinned out where there is no room for all. */
function writeLabels(room, panel) {
  const { left, top, across, down, width } = panel.size;
  const rowStep = thinning(down, 13);
  const columnStep = thinning(across, 15);
  const font = Math.max(10, Math.min(13, Math.floor(Math.min(down * rowStep, across * columnStep) * 0.8)));
  const spans = [];
  const add = (axis, index, place) => {
    const [soft, text] = labelParts(panel, axis, index);
    const label = element("span", `label ${axis}`, { dir: "auto" });
    label.append(element("span", "soft", {}, soft), element("span", isSpecial(panel, axis, index) ? "soft" : "", {}, text));
    label.classList.toggle("gone", isGone(room, panel, axis, index));
    Object.assign(label.style, place, { fontSize: `${font}px` });
    spans.push(label);
  };
  for (let row = 0; row < panel.matrix.rows; row += rowStep) {
    add("rows", row, { right: `${width - left + 6}px`, top: `${top + (row + 0.5) * down - 8}px` });
  }
  for (let column = 0; column < panel.matrix.columns; column += columnStep) {
    add("columns", column, { left: `${left + (column + 0.5) * across}px`, top: `${top - 12}px` });
  }
  panel.labels.replaceChildren(...spans);
}

/** Whether a token is hidden, or its row cut as a whole. */
function isGone(room, panel, axis, index) {
  const { rows, columns, kind } = panel.matrix;
  const has = (at, name) => panel.codes[at] === stateCode(room, name);
  if (axis === "rows") {
    if (Array.from({ length: columns }, (_, at) => index * columns + at).some((at) => has(at, "row-cut"))) return true;
    if (kind !== "encoder") return false;
  }
  return Array.from({ length: rows }, (_, at) => at * columns + index).some((at) => has(at, "hidden"));
}

/** Colours of a scale as 32-bit pixels: share ** power of the way from one colour to another. */
function scaleColours(from, to, power) {
  const [start, end] = [channels(from), channels(to)];
  return Uint32Array.from({ length: LEVELS + 1 }, (_, level) => {
    const share = (level / LEVELS) ** power;
    const [red, green, blue] = start.map((value, at) => Math.round(value + (end[at] - value) * share));
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}

/** The colour of a value cell as a function of its code: sequential, or diverging with zero in the card's colour. */
function colouring(room, panel) {
  const { palette, header } = room;
  const power = header.shade_power;
  if (!panel.matrix.signed) {
    const colours = scaleColours(palette.card, palette[panel.matrix.kind], power);
    return (code) => colours[Math.ceil(code / 100)];
  }
  const [less, more] = [palette.negative, palette.positive].map((end) => scaleColours(palette.zero, end, power));
  return (code) => (code < 30000 ? less[Math.ceil((30000 - code) / 50)] : more[Math.ceil((code - 30000) / 50)]);
}

/** One panel: the cells as an image, what has no weight over it, hairlines between cells that are large enough. */
function drawPanel(room, panel) {
  const { left, top, across, down, width, height } = panel.size;
  const { rows, columns } = panel.matrix;
  const context = prepare(panel.canvas, width, height);
  const image = cellImage(room, panel);
  context.imageSmoothingEnabled = false;
  context.drawImage(image, left, top, columns * across, rows * down);
  const large = !isSmall(room);
  for (let at = 0; large && at < rows * columns; at++) {
    const state = stateOf(room, panel.codes[at]);
    if (state) drawState(room, context, state, left + (at % columns) * across, top + Math.floor(at / columns) * down, across, down);
  }
  context.fillStyle = room.palette.card;
  for (let row = 1; down >= 8 && across >= 8 && row < rows; row++) context.fillRect(left, Math.round(top + row * down), columns * across, 1);
  for (let column = 1; down >= 8 && across >= 8 && column < columns; column++) context.fillRect(Math.round(left + column * across), top, 1, rows * down);
  context.strokeStyle = room.palette.line;
  context.strokeRect(left - 0.5, top - 0.5, columns * across + 1, rows * down + 1);
}

/** The cells of a panel, one pixel each, pooled by the largest where the screen has fewer pixels. */
function cellImage(room, panel) {
  const { rows, columns } = panel.matrix;
  const ratio = window.devicePixelRatio || 1;
  const [high, wide] = [Math.min(rows, Math.ceil(rows * panel.size.down * ratio)), Math.min(columns, Math.ceil(columns * panel.size.across * ratio))];
  const colour = colouring(room, panel);
  const flat = flatColours(room);
  const weigh = (code) => (code > 60000 ? (flat.strong.has(code) ? 70000 : -1) : panel.matrix.signed ? Math.abs(code - 30000) : code);
  const codes = new Int32Array(high * wide).fill(-1);
  for (let at = 0; at < rows * columns; at++) {
    const to = Math.floor((Math.floor(at / columns) * high) / rows) * wide + Math.floor(((at % columns) * wide) / columns);
    if (codes[to] < 0 || weigh(panel.codes[at]) > weigh(codes[to])) codes[to] = panel.codes[at];
  }
  const image = new ImageData(wide, high);
  const pixels = new Uint32Array(image.data.buffer);
  for (let at = 0; at < pixels.length; at++) pixels[at] = codes[at] > 60000 ? flat.colours.get(codes[at]) : colour(codes[at]);
  const scratch = (panel.scratch ||= document.createElement("canvas"));
  [scratch.width, scratch.height] = [wide, high];
  scratch.getContext("2d").putImageData(image, 0, 0);
  return scratch;
}

/** Whether cells are too small for marks: then a state is told by its colour alone. */
function isSmall(room) {
  return room.panels.some((panel) => Math.min(panel.size.across, panel.size.down) < 5);
}

/** The colour under a state; where cells are small, what the reader cut is dark and a blank is not the colour of zero. */
function stateColour(room, name) {
  const { palette } = room;
  if (isSmall(room)) return CUT_BY_READER.includes(name) ? palette.soft : name === "blank" ? palette.line : palette.chip;
  return ["blank", "restored"].includes(name) ? palette.card : palette.chip;
}

/** The codes of what the reader cut, and the colour of each state's code as a 32-bit pixel. */
function flatColours(room) {
  const pixel = (name) => scaleColours(stateColour(room, name), stateColour(room, name), 1)[0];
  const strong = new Set(CUT_BY_READER.map((name) => stateCode(room, name)));
  return { strong, colours: new Map(room.header.states.map(({ name }) => [stateCode(room, name), pixel(name)])) };
}

/** What tells the states apart inside one cell: a cross for a cut link, a hatch for a hidden token, a thin hatch for a blank. */
function drawState(room, context, state, x, y, width, height) {
  const { palette } = room;
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.strokeStyle = state === "blank" ? palette.line : palette.ink;
  context.lineWidth = state === "cut-all" ? 2.2 : 1.1;
  context.beginPath();
  const inset = Math.min(width, height) * 0.25;
  if (state === "cut" || state === "cut-all") {
    context.moveTo(x + inset, y + inset);
    context.lineTo(x + width - inset, y + height - inset);
    context.moveTo(x + width - inset, y + inset);
    context.lineTo(x + inset, y + height - inset);
  } else if (["hidden", "row-cut", "blank"].includes(state)) {
    context.globalAlpha = state === "blank" ? 1 : 0.45;
    const first = Math.ceil((x + y) / 6) * 6; // lines x + y = constant: they go on from cell to cell
    for (let sum = first; sum <= x + y + width + height; sum += 6) {
      context.moveTo(sum - y, y);
      context.lineTo(sum - y - height, y + height);
    }
  } else if (state === "restored") {
    context.globalAlpha = 0.6;
    context.setLineDash([2, 2]);
    context.rect(x + 2.5, y + 2.5, Math.max(0, width - 5), Math.max(0, height - 5));
  }
  context.stroke();
  context.restore();
}

/** What the colours and the marks mean: scales, and a swatch for every state that occurs. */
function writeLegend(room) {
  const { header } = room;
  const items = [];
  const signs = [false, true].filter((signed) => room.panels.some((panel) => panel.matrix.signed === signed));
  for (const signed of signs) {
    const panel = room.panels.find((item) => item.matrix.signed === signed);
    const [item, bar, colour] = [element("span", "scale"), element("canvas", "", { "aria-hidden": "true" }), colouring(room, panel)];
    item.append(element("span", "", {}, signed ? "−1" : "0"), bar, element("span", "", {}, signed ? "+1" : "1"));
    item.append(element("span", "", {}, signed ? header.texts.signed : header.texts.shade));
    const context = prepare(bar, 96, 8);
    for (let x = 0; x < 96; x++) {
      const pixel = colour(Math.round((x / 95) * 60000));
      context.fillStyle = `rgb(${pixel & 255} ${(pixel >> 8) & 255} ${(pixel >> 16) & 255})`;
      context.fillRect(x, 0, 1, 8);
    }
    items.push(item);
  }
  const present = new Set(room.values);
  const seen = new Set();
  for (const { name, legend } of header.states) {
    if (!legend || seen.has(legend) || !present.has(stateCode(room, name))) continue;
    seen.add(legend);
    const [item, swatch] = [element("span", "scale"), element("canvas", "", { "aria-hidden": "true" })];
    const context = prepare(swatch, 16, 14);
    context.fillStyle = stateColour(room, name);
    context.fillRect(0, 0, 16, 14);
    if (!isSmall(room)) drawState(room, context, name, 0, 0, 16, 14);
    item.append(swatch, element("span", "", {}, legend));
    items.push(item);
  }
  room.legend.replaceChildren(...items);
}
