// Colours of numbers: a part's own scale, or one that several share.

import { pixelImage } from "../shared/dom.js";
import { clamp } from "../shared/numbers.js";
import { css, mix, pixel } from "../shared/ramps.js";
import { channels, inkOn } from "../shared/theme.js";

const LEVELS = 255;
const scales = new Map(); // what is written of a scale -> its colours

/** The colours of a scale [[share, "#rrggbb"], …]: as CSS writes them and as pixels, `LEVELS` + 1 of them. */
function scaleColours(stops) {
  const key = JSON.stringify(stops);
  if (scales.has(key)) return scales.get(key);
  const parts = Array.from({ length: LEVELS + 1 }, (_, level) => colourAt(stops, level / LEVELS));
  const colours = { parts, text: parts.map(css), inks: parts.map((part) => inkOn(css(part))) };
  if (scales.size > 50) scales.clear();
  scales.set(key, colours);
  return colours;
}

function colourAt(stops, share) {
  const above = stops.findIndex(([at]) => at >= share);
  if (above <= 0) return channels(stops[above < 0 ? stops.length - 1 : 0][1]);
  const [[from, first], [to, second]] = [stops[above - 1], stops[above]];
  return mix(first, second, (share - from) / (to - from));
}

/** The scale of a heatmap or of markers: {least, most, stops, bar}; null where there is none. */
export function scaleOf(part, layout) {
  const own = part.type === "heatmap" ? part : part.marker;
  const look = own?.coloraxis ? layout[own.coloraxis] : own;
  if (!look?.colorscale) return null;
  const [least, most] = [look.zmin ?? look.cmin, look.zmax ?? look.cmax];
  const shows = own.coloraxis ? Boolean(look.colorbar) : Boolean(look.colorbar) && (own.showscale ?? look.showscale) !== false;
  const sizes = part.type === "heatmap" && (least === undefined || most === undefined) ? ends(part.z) : [0, 1];
  return { least: least ?? sizes[0], most: most ?? sizes[1], stops: look.colorscale, bar: shows ? look.colorbar : null };
}

/** The least and the greatest number that is one. */
function ends(values) {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values.values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return least < most ? [least, most] : [least - 1, least + 1];
}

/** The place of a value among the colours of a scale. */
function levelOf({ least, most }, value) {
  return clamp(Math.round(((value - least) / (most - least)) * LEVELS), 0, LEVELS);
}

/** The colour of a value: what CSS calls it, and an ink that can be read on it. */
export function colourOf(scale, value) {
  const colours = scaleColours(scale.stops);
  const level = levelOf(scale, value);
  return { fill: colours.text[level], ink: colours.inks[level] };
}

/** The colours of many values as an image of one pixel a value; what is no number stays clear. */
export function imageOf(scale, { values, shape: [rows, columns] }) {
  const { parts } = scaleColours(scale.stops);
  const table = Uint32Array.from(parts, pixel);
  return pixelImage({}, columns, rows, (at) => (Number.isNaN(values[at]) ? 0 : table[levelOf(scale, values[at])]));
}

/** One colour of a part: the same for all points, or a point's own. */
export function pick(value, index, fallback) {
  const own = Array.isArray(value) || ArrayBuffer.isView(value) ? value[index] : value;
  return own ?? fallback;
}
