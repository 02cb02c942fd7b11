// Pictures as files: a sheet larger than what is on the page, and its way to the reader.

import { contextOf } from "./dom.js";
import { bytesOf } from "./unpack.js";

export const SCALE = 2; // pixels of a file for each CSS pixel
const KEPT = 10_000; // ms that the browser may take to begin the download

/**
 * A canvas to draw a picture on once more, `SCALE` times as large, and its context in CSS pixels.
 * @param {number} width
 * @param {number} height
 * @param {string} ground its colour
 */
export function sheet(width, height, ground) {
  const picture = document.createElement("canvas");
  [picture.width, picture.height] = [Math.ceil(width * SCALE), Math.ceil(height * SCALE)];
  const context = contextOf(picture);
  context.fillStyle = ground;
  context.fillRect(0, 0, picture.width, picture.height);
  context.scale(SCALE, SCALE);
  return { picture, context };
}

/**
 * Hand a picture to the browser as a download, at once: `toBlob` waits until the browser has nothing else to do, up to seven seconds.
 * @param {HTMLCanvasElement} picture
 * @param {string} name of the file
 * @param {(link: HTMLAnchorElement) => void} [press]
 */
export function download(picture, name, press) {
  const [, base64] = picture.toDataURL("image/png").split(",");
  offer(new Blob([bytesOf(base64)], { type: "image/png" }), name, press);
}

/**
 * Hand a file to the browser as a download.
 * @param {Blob} blob
 * @param {string} name of the file
 * @param {(link: HTMLAnchorElement) => void} press
 */
export function offer(blob, name, press = (link) => link.click()) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.dataset.whole = "yes"; // it has its paper and its words: see pictures/index.js
  press(link);
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT);
}
