// The sentence above, its translation below, and lines from the word that is being said to the words that it looks at.

import { bringInto, element, markStep } from "../shared/dom.js";
import { number } from "../shared/numbers.js";
import { css, mix } from "../shared/ramps.js";
import { inkOn } from "../shared/theme.js";
import { weightOf } from "../shared/unpack.js";

const SVG = "http://www.w3.org/2000/svg";
const FAINTEST = 0.03; // a weight below it has no line

/** The two rows of chips and the layer of lines between them. */
export function buildFlow() {
  const flow = element("div", "flow", { "data-testid": "decoding-flow" });
  const source = element("div", "source", { role: "group", "aria-label": "The sentence that is read" });
  const target = element("div", "target", { role: "group", "aria-label": "The translation so far" });
  const links = document.createElementNS(SVG, "svg");
  links.setAttribute("aria-hidden", "true");
  flow.append(links, source, target);
  return { flow, source, target, links };
}

/** Which chip of the translation stands for a step: a word has several. */
function placeOf(header, step) {
  return header.flow.starts.findLastIndex((start) => start <= step);
}

/** The step to go to from one step: the start of the next chip, or of the one before; none at the ends. */
export function neighbour(header, step, way) {
  const { starts } = header.flow;
  return way > 0 ? starts.find((start) => start > step) : starts.findLast((start) => start < step);
}

/** Both rows: the translation as said, being said and still to come (a click goes there), the sentence shaded by its weights. */
export function writeFlow(room) {
  const { header, target, source } = room;
  if (room.flowFor !== room.identity) fillFlow(room);
  const place = placeOf(header, room.step);
  const focused = target.matches(":focus-within");
  target.querySelectorAll("button").forEach((chip, index) => {
    chip.tabIndex = index === place ? 0 : -1;
    chip.classList.toggle("later", index > place);
    markStep(chip, index === place);
    if (index === place) bringInto(target, chip);
    if (index === place && focused) chip.focus({ preventScroll: true });
  });
  const weights = weightsOf(room, place);
  [...source.children].forEach((chip, index) => shade(chip, room, weights[index], header.flow.source.labels[index], index));
  const most = weights.indexOf(Math.max(...weights));
  if (weights[most] > 0) bringInto(source, source.children[most]);
  drawLinks(room);
}

function fillFlow(room) {
  const { header, target, source } = room;
  const { flow } = header;
  room.flowFor = room.identity;
  const chips = flow.target.labels.map((label, index) => {
    const chip = element("button", "", { type: "button", title: `step ${flow.starts[index] + 1}: “${label}”` }, label);
    const end = flow.starts[index + 1] ?? header.steps.length;
    if (header.choices.some((step) => step >= flow.starts[index] && step < end)) chip.classList.add("taken");
    if (flow.target.special.includes(index)) chip.classList.add("special");
    chip.addEventListener("click", () => room.walkTo(flow.starts[index]));
    return chip;
  });
  target.replaceChildren(element("span", "start", { title: "where every translation begins" }, "<s>"), ...chips);
  const read = flow.source.labels.map((label, index) =>
    element("span", flow.source.special.includes(index) ? "special" : "", {}, label),
  );
  source.replaceChildren(...read);
}

/** What the open head's row of a chip gives to every chip of the sentence. */
function weightsOf(room, place) {
  const { header, values } = room;
  const count = header.flow.source.labels.length;
  const start = 2 * header.steps.length * header.source.pieces.length + place * count;
  return Array.from(values.subarray(start, start + count), weightOf);
}

/** Colour a chip of the sentence along weight ** power. */
export function shade(chip, room, weight, label, index) {
  const { header, palette } = room;
  const colour = css(mix(palette.chip, palette[header.colours.looks], weight ** header.shade_power));
  Object.assign(chip.style, { background: colour, color: inkOn(colour) });
  chip.title = `“${label}” (token ${index + 1}): ${number(weight)}`;
  chip.dataset.weight = weight.toFixed(4);
}

/** Lines from the chip that is being said to the chips that it looks at, as thick and as strong as their weights. */
export function drawLinks(room) {
  const { flow, source, target, links, header, palette } = room;
  const [box, above, below] = [flow, source, target].map((node) => node.getBoundingClientRect());
  const to = target.querySelector("[aria-current]")?.getBoundingClientRect();
  links.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
  const weights = to && to.bottom <= below.bottom + 2 ? weightsOf(room, placeOf(header, room.step)) : [];
  const lines = weights.flatMap((weight, index) => {
    const from = source.children[index].getBoundingClientRect();
    if (weight < FAINTEST || from.top < above.top - 2 || from.bottom > above.bottom + 2) return [];
    const [x, y] = [from.x + from.width / 2 - box.x, from.bottom - box.y];
    const [end, low] = [to.x + to.width / 2 - box.x, to.top - box.y];
    const bend = (low - y) / 2;
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("d", `M${x} ${y}C${x} ${y + bend} ${end} ${low - bend} ${end} ${low}`);
    line.setAttribute("stroke", palette[header.colours.looks]);
    line.setAttribute("stroke-width", (1 + 6 * weight).toFixed(1));
    line.setAttribute("opacity", (0.25 + 0.75 * weight).toFixed(2));
    return [line];
  });
  links.replaceChildren(...lines);
}
