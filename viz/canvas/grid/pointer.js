// What answers the pointer and the keyboard in the grid of heads: tooltip, frames, opening.

/** The head and cell under a point of one kind's canvas, or null: {section, layer, head, row, column}. */
function find(section, x, y) {
  const { kind, size } = section;
  const layer = Math.floor((y - size.top) / size.step);
  const head = Math.floor((x - ROW_LABEL) / (size.cell + GAP));
  if (layer < 0 || head < 0 || layer >= kind.layers || head >= kind.heads) return null;
  const box = section.boxes(layer, head);
  const [across, down] = [(x - box.x) / box.width, (y - box.y) / box.height];
  if (across < 0 || across >= 1 || down < 0 || down >= 1) return null;
  return { section, layer, head, row: Math.floor(down * kind.rows), column: Math.floor(across * kind.columns) };
}

/** The name of a head, as people count: from 1. */
function headName(grid, kind, layer, head) {
  const off = grid.header.off.some((item) => item.join() === [kind.name, layer, head].join());
  const star = (grid.header.star || []).join() === [kind.name, layer, head].join();
  return `${kind.long}, layer ${layer + 1}, head ${head + 1}${off ? " (switched off)" : ""}${star ? " ★ alignment head" : ""}`;
}

/** A cell in words: who attends to whom, and how much; a pooled cell says "up to" and names its range. */
function cellText(grid, { section, layer, head, row, column }) {
  const { kind, start } = section;
  const from = bin(row, kind.rows, kind.queries);
  const to = bin(column, kind.columns, kind.keys);
  const code = grid.values[start + ((layer * kind.heads + head) * kind.rows + row) * kind.columns + column];
  const pooled = kind.rows < kind.queries || kind.columns < kind.keys;
  const weight = code === 1 ? "<0.01" : (Math.floor(code / 2) / 100).toFixed(2);
  const who = reader(grid.header, kind.axes, ...from);
  const whom = quotedRange(grid.header.tokens[kind.axes.columns], ...to);
  if (grid.header.signed) {
    if (code === 255) return `${who} and ${whom}: a new token, nothing to compare with`;
    return `${who} attends to ${whom}: change ${pooled ? "up to " : ""}${signed((code - 100) / 100)}`;
  }
  return `${who} attends to ${whom}: ${pooled ? "up to " : ""}${weight}`;
}

/** First and one-past-last position of bin `index` of `bins` over `size` positions. */
function bin(index, bins, size) {
  return [Math.floor((index * size) / bins), Math.ceil(((index + 1) * size) / bins)];
}

function onPointer(grid, event) {
  grid.pointer = { x: event.clientX, y: event.clientY };
  point(grid);
}

function leave(grid) {
  grid.pointer = null;
  point(grid);
}

/** Show what is under the pointer: also after a redraw, when the sentence changed beneath it. */
function point(grid) {
  const { pointer, tip, root } = grid;
  grid.hover = null;
  for (const section of pointer ? grid.sections : []) {
    const edge = section.area.getBoundingClientRect();
    grid.hover ||= find(section, pointer.x - edge.left, pointer.y - edge.top);
  }
  frames(grid);
  if (!grid.hover) {
    tip.style.display = "none";
    root.dataset.hover = "";
    return;
  }
  const [name, text] = [headName(grid, grid.hover.section.kind, grid.hover.layer, grid.hover.head), cellText(grid, grid.hover)];
  tip.children[0].textContent = name;
  tip.children[0].style.color = grid.palette[grid.hover.section.kind.name];
  tip.children[1].textContent = text;
  tip.style.display = "block";
  place(tip, pointer);
  root.dataset.hover = `${name} · ${text}`;
}

/** Put the tooltip beside the pointer, inside the window. */
function place(tip, pointer) {
  const { width, height } = tip.getBoundingClientRect();
  const [right, bottom] = [document.documentElement.clientWidth - 8, window.innerHeight - 8];
  const x = pointer.x + 16 + width <= right ? pointer.x + 16 : pointer.x - 16 - width;
  const y = pointer.y + 18 + height <= bottom ? pointer.y + 18 : pointer.y - 14 - height;
  tip.style.left = `${Math.max(8, Math.min(x, right - width))}px`;
  tip.style.top = `${Math.max(8, y)}px`;
}

/** Put the frames of the hovered, the selected and the focused head in place. */
function frames(grid) {
  const { hover, selected, cursor, root } = grid;
  const focused = cursor && root.matches(":focus-visible");
  for (const section of grid.sections) {
    const name = section.kind.name;
    const places = [
      hover && hover.section === section ? [hover.layer, hover.head] : null,
      selected && selected[0] === name ? selected.slice(1) : null,
      focused && cursor[0] === name ? cursor.slice(1) : null,
    ];
    places.forEach((at, index) => {
      const frame = section.frames[index];
      const box = at && at[0] < section.kind.layers && at[1] < section.kind.heads ? section.boxes(...at) : null;
      frame.style.display = box ? "block" : "none";
      if (box) for (const [side, value] of [["left", box.x], ["top", box.y], ["width", box.width], ["height", box.height]]) frame.style[side] = `${value}px`;
    });
  }
  root.dataset.selected = selected ? selected.join("-") : "";
  root.dataset.cursor = focused ? cursor.join("-") : "";
}

function onClick(grid, name, event) {
  const section = grid.sections.find((item) => item.kind.name === name);
  const edge = section.area.getBoundingClientRect();
  const hovered = grid.hover?.section === section ? grid.hover : null; // what is framed is what opens
  const found = hovered || find(section, event.clientX - edge.left, event.clientY - edge.top);
  if (found) openHead(grid, [name, found.layer, found.head]);
}

/** Frame a head at once and tell Python. */
function openHead(grid, at) {
  grid.selected = grid.cursor = at;
  frames(grid);
  grid.open(...at);
}

/** Move the keyboard's cursor and say where it is. */
function moveTo(grid, at) {
  grid.cursor = at;
  const section = grid.sections.find((item) => item.kind.name === at[0]);
  grid.live.textContent = headName(grid, section.kind, at[1], at[2]);
  frames(grid);
}

/** Arrows walk over all heads, through the kinds; Home and End along a layer; Enter or space opens. */
function onKey(grid, event) {
  const [name, layer, head] = grid.cursor || grid.selected || ["encoder", 0, 0];
  const kinds = grid.sections.map((section) => section.kind);
  const rows = kinds.flatMap((kind) => Array.from({ length: kind.layers }, (_, at) => [kind.name, at, kind.heads]));
  const row = rows.findIndex((item) => item[0] === name && item[1] === layer);
  const last = rows[row][2] - 1;
  const steps = { ArrowUp: [-1, head], ArrowDown: [1, head], ArrowLeft: [0, head - 1], ArrowRight: [0, head + 1], Home: [0, 0], End: [0, last] };
  if (event.key === "Enter" || event.key === " ") openHead(grid, [name, layer, head]);
  else if (steps[event.key]) {
    const [toName, toLayer, heads] = rows[Math.max(0, Math.min(rows.length - 1, row + steps[event.key][0]))];
    moveTo(grid, [toName, toLayer, Math.max(0, Math.min(heads - 1, steps[event.key][1]))]);
  } else return;
  event.preventDefault();
}
