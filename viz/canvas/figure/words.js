// A point of a figure in words: its hover, filled in, and what a click on it says.

import { formatted, positions, valueAt } from "./axes.js";
import { plainText } from "./text.js";

const FIELD = /%\{(\w+)(?:\[(\d+)\])?(?::([^}]*))?\}/g;

/** @typedef {{row?: number, column?: number, index?: number}} Spot A cell of a heatmap, or a point of anything else. */

/** What a part holds at a spot under a name. */
function entry(part, name, spot) {
  const values = part[name];
  const { row, column, index } = spot;
  if (values === null || values === undefined) return null;
  if (values.shape) {
    const [, columns, ...rest] = values.shape;
    const size = rest.reduce((product, length) => product * length, 1);
    const at = row === undefined ? index * columns * size : (row * columns + column) * size;
    return size > 1 ? Array.from(values.values.subarray(at, at + size)) : values.values[at];
  }
  if (!Array.isArray(values) && !ArrayBuffer.isView(values)) return values;
  return row === undefined ? values[index] : values[row]?.[column];
}

/** The value of a part on one of its axes. */
export function onAxis(figure, part, letter, { row, column, index }) {
  const axis = figure.axes[part[`${letter}axis`] || letter];
  const at = index ?? (letter === "x" ? column : row);
  const count = part.z ? part.z.shape[letter === "x" ? 1 : 0] : at + 1;
  return { axis, value: valueAt(positions(part, letter, count), at, axis) };
}

/** A place on an axis as the axis calls it. */
function named(axis, value) {
  const at = axis.look.tickvals ? Array.from(axis.look.tickvals).indexOf(value) : -1;
  return at >= 0 && axis.look.ticktext ? axis.look.ticktext[at] : (axis.names[value] ?? formatted(value, ""));
}

/** A template with its fields filled in, as markup. */
export function fillTemplate(figure, part, template, spot) {
  return template.replace(FIELD, (_, name, item, format) => {
    if (name === "x" || name === "y") {
      const { axis, value } = onAxis(figure, part, name, spot);
      return format ? formatted(value, format) : named(axis, value);
    }
    const value = name === "z" ? part.z.values[spot.row * part.z.shape[1] + spot.column] : entry(part, name, spot);
    return formatted(item === undefined ? value : value?.[Number(item)], format);
  });
}

/** The hover of a spot as markup; empty where a part has nothing to say there. */
export function hoverOf(figure, part, spot) {
  if (part.hoverinfo === "skip") return "";
  if (part.hovertemplate) return fillTemplate(figure, part, part.hovertemplate, spot);
  return part.hoverinfo === "text" ? String(entry(part, "hovertext", spot) ?? entry(part, "text", spot) ?? "") : "";
}

/** Whether a part answers to the pointer at all. */
export function answers(part) {
  return part.hoverinfo !== "skip" && Boolean(part.hovertemplate || (part.hoverinfo === "text" && (part.hovertext || part.text)));
}

/** The same in one line without marks. */
export function sentence(markup) {
  return plainText(markup).replaceAll("\n", ", ");
}

/** What is reported of a click: {name, row, column, value}; null where nothing can be told by it. */
export function clickOf(figure, part, spot) {
  const whole = (/** @type {unknown} */ value) => (Number.isInteger(value) ? value : null);
  const value = whole(entry(part, "customdata", spot));
  const [row, column] = ["y", "x"].map((letter) => whole(onAxis(figure, part, letter, spot).value));
  return value !== null || (row !== null && column !== null) ? { name: part.name || "", row, column, value } : null;
}
