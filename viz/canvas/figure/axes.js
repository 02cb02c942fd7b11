// Axes of a figure: their range, where they lie in CSS pixels, and their ticks.

import { figure, raised, sixDigits } from "../shared/numbers.js";

const ROOM = { x: 56, y: 36 }; // CSS pixels that a tick of an axis takes where their number is free
const EDGE = 0.05; // share of a range that stays free at its ends

/**
 * All axes of a layout by their ids, "x", "y2", …: {id, letter, look, range, domain, start, length, sign, …}.
 * @param {any} layout
 * @param {any[]} data
 * @param {{width: number, height: number}} size
 * @param {Record<string, number[]>} zoom ranges that the reader chose, by the id of the axis that leads
 */
export function layAxes(layout, data, size, zoom) {
  /** @type {Record<string, any>} */
  const axes = {};
  for (const letter of ["x", "y"]) {
    const names = Object.keys(layout).filter((name) => name.startsWith(`${letter}axis`));
    for (const name of new Set([`${letter}axis`, ...names])) addAxis(axes, letter, name, layout[name] || {});
  }
  for (const axis of Object.values(axes)) {
    axis.lead = leaderOf(axes, axis);
    axis.domain = (axes[axis.look.overlaying] || axis).look.domain || [0, 1];
  }
  for (const axis of Object.values(axes)) axis.range = zoom[axis.lead] || axis.look.range || freeRange(axis, axes, data);
  layOutAxes(axes, layout.margin || {}, size);
  for (const axis of Object.values(axes)) keepScale(axis, axes);
  for (const axis of Object.values(axes)) follow(axis, axes);
  return axes;
}

function addAxis(axes, letter, name, look) {
  const id = name.replace("axis", "");
  axes[id] = { id, letter, look, log: look.type === "log", names: [] };
}

/** The axis whose range a range follows. */
function leaderOf(axes, axis) {
  const next = axis.look.matches || (axis.look.overlaying && sameRange(axes, axis) ? axis.look.overlaying : null);
  return next && axes[next] && next !== axis.id ? leaderOf(axes, axes[next]) : axis.id;
}

function sameRange(axes, axis) {
  const under = axes[axis.look.overlaying];
  return under && String(under.look.range) === String(axis.look.range);
}

/** Positions along one letter of a part: given one by one, or as a start and a step. */
export function positions(part, letter, count) {
  const places = part[letter];
  if (places) return places;
  const [start, step] = [part[`${letter}0`] ?? 0, part[`d${letter}`] ?? 1];
  return { length: count, at: (/** @type {number} */ index) => start + index * step };
}

/** The value at a place; numbers also of names on an axis. */
export function valueAt(values, index, axis) {
  const value = Array.isArray(values) || ArrayBuffer.isView(values) ? values[index] : values.at(index);
  if (typeof value !== "string") return value;
  if (!axis.names.includes(value)) axis.names.push(value);
  return axis.names.indexOf(value);
}

/** How many points a part has. */
export function countOf(part) {
  return (part.y && part.x ? Math.min(part.x.length, part.y.length) : (part.y || part.x || []).length) || 0;
}

/** A range that shows all that is drawn along an axis. */
function freeRange(axis, axes, data) {
  const leader = axes[axis.lead];
  if (leader !== axis && leader.range) return leader.range;
  let [least, most, pad] = axis.look.rangemode === "tozero" ? [0, 0, 0] : [Infinity, -Infinity, 0];
  const take = (value) => {
    const at = axis.log ? Math.log10(value) : value;
    if (Number.isFinite(at)) [least, most] = [Math.min(least, at), Math.max(most, at)];
  };
  for (const part of data.filter((one) => (one[`${axis.letter}axis`] || axis.letter) === axis.id)) {
    if (part.type === "heatmap") {
      const count = part.z.shape[axis.letter === "y" ? 0 : 1];
      const places = positions(part, axis.letter, count);
      take(valueAt(places, 0, axis) - 0.5);
      for (let at = 1; at < count; at++) valueAt(places, at, axis);
      take(valueAt(places, count - 1, axis) + 0.5);
      continue;
    }
    const [count, bar] = [countOf(part), part.type === "bar"];
    const across = bar && (part.orientation === "h") === (axis.letter === "y");
    const places = positions(part, axis.letter, count);
    for (let at = 0; at < count; at++) {
      const value = valueAt(places, at, axis);
      take(across ? value - 0.5 : value);
      if (across) take(value + 0.5);
    }
    if (bar && !across) take(0);
    if (!across) pad = EDGE;
  }
  if (!(least <= most)) [least, most] = [0, 1];
  const room = pad * (most - least || 1);
  const range = [least === 0 && !axis.log ? 0 : least - room, most === 0 ? 0 : most + room];
  return axis.look.autorange === "reversed" ? range.reverse() : range;
}

/** Where every axis begins and how long it is. */
function layOutAxes(axes, { l = 8, r = 8, t = 8, b = 8 }, { width, height }) {
  const inner = { x: Math.max(1, width - l - r), y: Math.max(1, height - t - b) };
  for (const axis of Object.values(axes)) {
    const [from, to] = axis.domain;
    axis.length = (to - from) * inner[axis.letter];
    axis.start = axis.letter === "x" ? l + from * inner.x : t + (1 - to) * inner.y;
  }
}

/** Two axes with one scale: the looser one gives away length (`constrain`: "domain"), or shows more. */
function keepScale(axis, axes) {
  const other = axes[axis.look.scaleanchor];
  if (!other) return;
  const scale = (/** @type {any} */ one) => one.length / Math.abs(one.range[1] - one.range[0]);
  const [loose, tight] = scale(axis) > scale(other) ? [axis, other] : [other, axis];
  const share = scale(tight) / scale(loose);
  if (loose.look.constrain === "domain") {
    const free = loose.length * (1 - share);
    const towards = loose.look.constraintoward || (loose.letter === "x" ? "center" : "middle");
    loose.start += { left: 0, top: 0, right: free, bottom: free }[towards] ?? free / 2;
    loose.length *= share;
  } else {
    const [from, to] = loose.range;
    const more = ((to - from) * (1 / share - 1)) / 2;
    loose.range = [from - more, to + more];
  }
}

/** What lies on another axis, or matches one, has its place and its range. */
function follow(axis, axes) {
  const under = axes[axis.look.overlaying];
  if (under) Object.assign(axis, { start: under.start, length: under.length });
  if (axis.lead !== axis.id && !axis.look.scaleanchor) axis.range = axes[axis.lead].range;
}

/** The pixel of a value along an axis. */
export function pixelOf(axis, value) {
  return spotOf(axis, axis.log ? Math.log10(value) : value);
}

/** The pixel of a place on an axis, in logarithms where the axis is one. */
function spotOf(axis, at) {
  const [from, to] = axis.range;
  const share = (at - from) / (to - from);
  return axis.start + axis.length * (axis.letter === "x" ? share : 1 - share);
}

/** The place, in logarithms where the axis is one, of a pixel. */
export function placeOf(axis, at) {
  const share = (at - axis.start) / axis.length;
  const [from, to] = axis.range;
  return from + (to - from) * (axis.letter === "x" ? share : 1 - share);
}

/** CSS pixels of one unit. */
export function unitOf(axis) {
  return axis.length / Math.abs(axis.range[1] - axis.range[0]);
}

/** Ticks inside the range: {at: pixel, text: markup}. */
export function ticksOf(axis) {
  const { look, range } = axis;
  const [least, most] = [Math.min(...range), Math.max(...range)];
  const values = look.tickvals ? Array.from(look.tickvals) : axis.names.length ? axis.names.map((_, at) => at) : freeTicks(axis);
  const slack = 1e-6 * (most - least);
  return values
    .map((value, at) => ({ value, text: look.ticktext?.[at] ?? axis.names[value] ?? numberText(axis, value) }))
    .filter(({ value }) => {
      const spot = axis.log ? Math.log10(value) : value;
      return spot >= least - slack && spot <= most + slack;
    })
    .map(({ value, text }) => ({ at: pixelOf(axis, value), text }));
}

function freeTicks(axis) {
  const [least, most] = [Math.min(...axis.range), Math.max(...axis.range)];
  if (axis.log) return logTicks(least, most, axis.look.dtick ?? 1);
  const count = Math.max(1, Math.min(axis.look.nticks || Infinity, Math.floor(axis.length / ROOM[axis.letter])));
  const step = axis.look.dtick || roundStep((most - least) / count);
  const first = Math.ceil(least / step - 1e-9);
  return Array.from({ length: Math.max(0, Math.floor(most / step + 1e-9) - first + 1) }, (_, at) => (first + at) * step);
}

/** The least of 1, 2, 5 times a power of ten that is not below a step. */
export function roundStep(step) {
  const power = 10 ** Math.floor(Math.log10(step || 1));
  return [1, 2, 5, 10].map((factor) => factor * power).find((round) => round >= step * (1 - 1e-9)) || 10 * power;
}

/** Powers of ten, every `step`-th of them; "D2": 2 and 5 times each, too. */
function logTicks(least, most, step) {
  const factors = step === "D2" ? [1, 2, 5] : [1];
  const every = typeof step === "number" ? step : 1;
  const ticks = [];
  for (let power = Math.floor(least); power <= most; power++)
    if (power % every === 0) ticks.push(...factors.map((factor) => factor * 10 ** power));
  return ticks;
}

/** A number beside an axis. */
export function numberText({ look, log }, value) {
  const tidy = sixDigits(value);
  if (look.tickformat?.endsWith("%")) return `${String(sixDigits(100 * tidy)).replace(/^-/, "−")}%`;
  const power = Math.round(Math.log10(Math.abs(tidy)));
  if (log && look.exponentformat === "power" && (power > 1 || power < 0)) return `10${raised(power)}`;
  if (tidy >= 1e6) return `${tidy / 1e6}M`;
  return tidy >= 1e4 ? `${tidy / 1e3}k` : String(tidy).replace(/^-/, "−");
}

/** A value as a hover template asks for it: ".3f", "+.2f", ".1%", ",", "d", or as it is. */
export function formatted(value, format) {
  if (typeof value !== "number" || !format)
    return typeof value === "number" ? numberText({ look: {}, log: false }, value) : String(value ?? "");
  const {
    1: plus,
    2: digits,
    3: kind,
  } = /** @type {RegExpMatchArray} */ (format.match(/^(\+?),?(?:\.(\d+))?([f%d]?)$/) || ["", "", "", ""]);
  if (kind === "%") return `${figure(100 * value, Number(digits || 0))}%`;
  if (kind === "f")
    return (
      (plus && value > 0 ? "+" : "") +
      value
        .toFixed(Number(digits || 0))
        .replace(/^-(?=.*[1-9])/, "−")
        .replace(/^-/, "")
    );
  return kind === "d" ? String(Math.round(value)) : value.toLocaleString("en-US").replace(/^-/, "−");
}
