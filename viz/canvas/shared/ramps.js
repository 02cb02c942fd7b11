// Colours between two colours: of a weight, of a change with its sign, and scales of them.

import { prepare } from "./dom.js";
import { channels } from "./theme.js";

/**
 * The colour at a share of the way from one "#rrggbb" to another: [red, green, blue].
 * @param {string} from
 * @param {string} to
 * @param {number} share 0..1
 */
export function mix(from, to, share) {
  const end = channels(to);
  return channels(from).map((value, at) => Math.round(value + (end[at] - value) * share));
}

/**
 * The colour of a change: from that of zero to that of its sign.
 * @param {{zero: string, negative: string, positive: string}} palette
 * @param {number} share -1..1
 * @param {number} power
 */
export function mixSigned(palette, share, power = 1) {
  return mix(palette.zero, share < 0 ? palette.negative : palette.positive, Math.abs(share) ** power);
}

/**
 * [red, green, blue] as CSS writes it.
 * @param {number[]} colour
 */
export function css(colour) {
  return `rgb(${colour.join()})`;
}

/**
 * [red, green, blue] as one opaque 32-bit pixel.
 * @param {number[]} colour
 */
export function pixel([red, green, blue]) {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/**
 * Pixels of so many steps, by their places from 0.
 * @param {number} length
 * @param {(step: number) => number[]} colourAt
 */
export function ramp(length, colourAt) {
  return Uint32Array.from({ length }, (_, step) => pixel(colourAt(step)));
}

const BAR = { width: 96, height: 8 }; // CSS pixels of the scale in a legend

/**
 * Draw the bar of a legend: `paint` sets the context up for the column at a share 0..1.
 * @param {HTMLCanvasElement} canvas
 * @param {(context: CanvasRenderingContext2D, share: number) => void} paint
 */
export function drawBar(canvas, paint) {
  const context = prepare(canvas, BAR.width, BAR.height);
  for (let x = 0; x < BAR.width; x++) {
    paint(context, x / (BAR.width - 1));
    context.fillRect(x, 0, 1, BAR.height);
  }
}
