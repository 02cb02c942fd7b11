// Where everything of the block diagram stands, in its own units; the picture is scaled to the width of the rail.

export const SIZE = { width: 212, gap: 30, single: 128, layers: 120, block: 18, title: 17, edge: 2 };
const SHARES = { heads: 1, feed: 0.55, between: 0.5 }; // of the height of a row of heads

/**
 * Boxes of the diagram from above: cells are heads, bars feed-forward sublayers, blocks all else; wires lead from stack to stack.
 * @param {{stacks: any[], links: any[]}} diagram
 */
export function layOutDiagram({ stacks, links }) {
  const { width, lefts } = columnsOf(stacks.length);
  const most = Math.max(...stacks.map(({ layers }) => layers), 1);
  const tops = Math.max(...stacks.map(({ top }) => top.length), 0) * SIZE.block;
  const foot = SIZE.edge + tops + SIZE.title + SIZE.layers;
  /** @type {{cells: any[], bars: any[], blocks: any[], titles: any[]}} */
  const boxes = { cells: [], bars: [], blocks: [], titles: [] };
  stacks.forEach((stack, at) => {
    const column = { x: lefts[at], width, foot, layer: SIZE.layers / most, stack };
    layOutLayers(boxes, column);
    layOutBlocks(boxes, column);
    boxes.titles.push({ text: stack.title, x: column.x + width / 2, y: topOf(column) - 4 });
  });
  const wires = links.map((link) => layOutWire(link, stacks, boxes.cells, { lefts, width, foot, layer: SIZE.layers / most }));
  const height = foot + Math.max(...stacks.map((stack) => stack.foot.length), 0) * SIZE.block + SIZE.edge;
  const { cells, bars, blocks, titles } = boxes;
  return { cells, bars, blocks, titles, wires: wires.filter(Boolean), width: SIZE.width, height };
}

/** The width of a stack, and where each begins: one alone stands in the middle. */
function columnsOf(count) {
  if (count === 1) return { width: SIZE.single, lefts: [(SIZE.width - SIZE.single) / 2] };
  const width = (SIZE.width - SIZE.gap * (count - 1)) / count;
  return { width, lefts: Array.from({ length: count }, (_, at) => at * (width + SIZE.gap)) };
}

function topOf({ foot, layer, stack }) {
  return foot - layer * stack.layers;
}

/** The rows of every layer, the first layer at the foot. */
function layOutLayers({ cells, bars }, { x, width, foot, layer, stack }) {
  const shares = stack.rows.map(({ heads }) => (heads ? SHARES.heads : SHARES.feed));
  const unit = layer / (shares.reduce((sum, share) => sum + share, 0) + SHARES.between);
  for (let at = 0; at < stack.layers; at++) {
    let y = foot - at * layer;
    stack.rows.forEach((row, index) => {
      const height = shares[index] * unit;
      y -= height;
      const step = width / Math.max(row.heads, 1);
      const place = { stack: stack.name, kind: row.kind, title: row.title, colour: row.colour, layer: at, y, height: height - 1 };
      if (!row.heads) bars.push({ ...place, x, width, part: "stream" });
      for (let head = 0; head < row.heads; head++) cells.push({ ...place, head, x: x + head * step, width: step - 1 });
    });
  }
}

/** The blocks under and over the layers. */
function layOutBlocks({ blocks }, { x, width, foot, layer, stack }) {
  const size = { x, width, height: SIZE.block - 2 };
  const count = stack.foot.length;
  stack.foot.forEach(({ part, label }, at) =>
    blocks.push({ ...size, part, label, stack: stack.name, y: foot + (count - 1 - at) * SIZE.block + 2 }),
  );
  const top = topOf({ foot, layer, stack }) - SIZE.title;
  stack.top.forEach(({ part, label }, at) =>
    blocks.push({ ...size, part, label, stack: stack.name, y: top - (at + 1) * SIZE.block }),
  );
}

/** From the top of the stack that answers to every row of heads that asks it. */
function layOutWire(link, stacks, cells, { lefts, width, foot, layer }) {
  const [from, to] = [link.from, link.to].map((name) => stacks.findIndex((stack) => stack.name === name));
  const ends = cells.filter(({ kind, head }) => kind === link.kind && head === 0).map(({ y, height }) => y + height / 2);
  if (from < 0 || to < 0 || !ends.length) return null;
  const isRight = from < to;
  const end = isRight ? lefts[to] - 2 : lefts[to] + width + 2;
  const bus = isRight ? lefts[to] - SIZE.gap / 2 : lefts[to] + width + SIZE.gap / 2;
  const top = foot - layer * stacks[from].layers - 1;
  const start = isRight ? lefts[from] + width - 8 : lefts[from] + 8;
  const peak = Math.min(top - 5, ...ends);
  const path = `M${start} ${top}V${peak}H${bus}V${Math.max(...ends)}` + ends.map((y) => `M${bus} ${y}H${end}`).join("");
  return {
    ...link,
    path,
    ends: ends.map((y) => ({ x: end, y, turn: isRight ? 1 : -1 })),
    x: bus,
    y: Math.min(...ends),
    part: "bridge",
  };
}

/**
 * The box to which an arrow key leads from another: the nearest in its direction; Home and End lead along the row.
 * @param {any[]} boxes
 * @param {number} at
 * @param {number} down
 * @param {number} across
 */
export function neighbour(boxes, at, down, across) {
  const middle = ({ x, y, width, height }) => [x + width / 2, y + height / 2];
  const [x, y] = middle(boxes[at]);
  const reach = boxes.map((box, index) => {
    const [right, below] = [middle(box)[0] - x, middle(box)[1] - y];
    const along = down ? below * Math.sign(down) : right * Math.sign(across);
    const aside = Math.abs(down ? right : below);
    if (index === at || along < 1 || (!down && aside > 6)) return Infinity;
    return Number.isFinite(down + across) ? along + 2 * aside : -along;
  });
  const best = reach.reduce((least, value, index) => (value < reach[least] ? index : least), at);
  return Number.isFinite(reach[best]) ? best : at;
}
