// The cards under the player of decoding: the best next pieces at a step, and where cross-attention looks, in numbers.

import { bringInto, element } from "../shared/dom.js";
import { addGroupKeys, setTabStop } from "../shared/group.js";
import { number, small } from "../shared/numbers.js";
import { weightOf } from "../shared/unpack.js";
import { shade } from "./flow.js";

/** The two cards: probabilities of the next piece, and the source as shaded chips. */
export function buildCards() {
  const cards = element("div", "cards");
  const left = element("section", "card");
  const question = element("h2", "", { "data-testid": "decoding-asked" });
  const table = element("table", "", { "data-testid": "decoding-pieces" });
  const rest = element("p", "quiet");
  const remark = element("p", "remark", { "data-testid": "decoding-remark" });
  left.append(question, table, rest, remark);
  addGroupKeys(table);
  const right = element("section", "card");
  const where = element("h2", "");
  const looks = [0, 1].map(() => ({ title: element("p", "quiet"), chips: element("div", "looks", { dir: "auto" }), spans: [] }));
  right.append(where, ...looks.flatMap(({ title, chips }) => [title, chips]));
  looks[0].chips.dataset.testid = "decoding-looks";
  cards.append(left, right);
  return { cards, question, table, rest, remark, where, looks, rows: [] };
}

/** The best next pieces as bars; what was said is marked, and added below them where it is not among them. */
export function writePieces(room) {
  const { header, step } = room;
  const { best, output } = header.steps[step];
  const id = header.ids[step];
  const candidates = best.map(([piece, label, chance], index) => ({ piece, label, chance, rank: index + 1 }));
  if (!best.some(([piece]) => piece === id)) {
    candidates.push({ piece: id, label: header.output.pieces[step], chance: output[0], rank: output[1] });
  }
  while (room.rows.length < candidates.length) room.rows.push(pieceRow(room));
  room.table.replaceChildren(
    ...room.rows.slice(0, candidates.length).map((row, index) => fillRow(room, row, candidates[index], id)),
  );
  const read = header.output.pieces.slice(Math.max(0, step - 4), step).join("");
  const before = step ? `${step > 4 ? "…" : ""}${read}` : "<s>";
  room.question.textContent = `Step ${step + 1}: ${header.asks.before} “${before}”, ${header.asks.after}`;
  const others = Math.max(0, 1 - candidates.reduce((sum, { chance }) => sum + chance, 0));
  room.rest.textContent = `probability, 0 to 1; all other pieces together ${number(others)}`;
  room.remark.textContent = remarkOf(header, step, best[0][0] === id);
  setTabStop(room.table);
}

/** What needs a word at this step; empty at most steps. */
function remarkOf(header, step, first) {
  if (header.limit !== null && step === header.limit - 1 && !first)
    return `A translation of this text may have ${header.limit} tokens: here it must end.`;
  if (header.own) return "";
  if (header.choices.includes(step))
    return first ? "You chose this piece; the model would have said it, too." : "You chose this piece instead of the model's.";
  return "";
}

/** A row of the table, made once so that it keeps the focus. */
function pieceRow(room) {
  const row = element("tr", "");
  const button = element("button", "", { type: "button" });
  const cell = element("td", "piece");
  const bar = element("i", "");
  const track = element("td", "bar");
  const [chance, mark] = [element("td", "number"), element("td", "mark")];
  cell.append(button);
  track.append(bar);
  row.append(cell, track, chance, mark);
  const parts = Object.assign(row, { button, bar, chance, mark, piece: -1 });
  row.addEventListener("click", () => {
    if (!button.disabled) room.choose(parts.piece);
  });
  return parts;
}

function fillRow(room, row, { piece, label, chance, rank }, id) {
  const { header, step } = room;
  const isSaid = piece === id;
  const own = rank === 1 && header.same && !header.own && !isSaid && header.choices.includes(step);
  const marks = [
    isSaid ? (header.choices.includes(step) ? "your choice" : header.own ? "given" : "said") : own ? "the model's choice" : "",
  ];
  if (rank > header.steps[step].best.length) marks.push(`rank ${rank.toLocaleString("en")}`);
  row.piece = piece;
  row.className = `${isSaid ? "said" : ""}${own ? " own" : ""}`.trim();
  row.dataset.piece = piece;
  row.button.textContent = label;
  row.button.disabled = isSaid || header.own;
  row.button.title = row.button.disabled ? `“${label}”` : `say “${label}” here and go on from it`;
  row.bar.style.width = `${100 * Math.min(1, chance)}%`;
  row.chance.textContent = number(chance);
  row.chance.title = small(chance);
  row.mark.textContent = marks.filter(Boolean).join(", ");
  return row;
}

/** The source twice, shaded by this step's row of cross-attention: of the open head, and the mean of all. */
export function writeLooks(room) {
  const { header, values, step, looks } = room;
  const count = header.source.pieces.length;
  room.where.textContent = `Where it looks while it says “${header.output.pieces[step]}”`;
  looks.forEach((look, which) => {
    if (look.spans.length !== count || look.writtenFor !== room.identity) fillLooks(look, header, room.identity);
    const start = (which * header.steps.length + step) * count;
    const row = values.subarray(start, start + count);
    const nothing = row.every((code) => code === 0);
    look.title.textContent = nothing
      ? `${header.looks[which].replace(/\.$/, "")}. ${header.nothing[which]}`
      : header.looks[which];
    look.spans.forEach((span, index) => weigh(span, room, index, weightOf(row[index])));
    if (!nothing) bringInto(look.chips, look.spans[row.indexOf(Math.max(...row))]);
  });
}

function fillLooks(look, header, identity) {
  look.writtenFor = identity;
  look.spans = header.source.pieces.map((piece, index) => {
    const chip = element("span", header.source.special.includes(index) ? "special" : "");
    chip.append(element("b", "", {}, piece), element("small", ""));
    return chip;
  });
  look.chips.replaceChildren(...look.spans);
}

/** One source token: shaded, with its number where there is something to say. */
function weigh(chip, room, index, weight) {
  shade(chip, room, weight, room.header.source.pieces[index], index);
  chip.lastChild.textContent = weight >= 0.005 ? number(weight) : "";
}
