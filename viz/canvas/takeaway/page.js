// A chart of Vega as an HTML page: its own SVG, and a tooltip with what the chart says at each of its marks.

import { svgOf } from "./caption.js";
import { escaped } from "./vector.js";

const STYLE = `body { margin: 0; font: 14px/1.4 system-ui, sans-serif; } svg { max-width: 100%; height: auto; }
#tip { position: fixed; display: none; padding: 6px 9px; border-radius: 6px; pointer-events: none; background: #1d1c1a; color: #fff; white-space: pre; }
@media print { #tip { display: none !important; } }`;
const SCRIPT = `const tip = document.getElementById("tip");
addEventListener("pointermove", (event) => {
  const mark = event.target.closest("[data-tip]");
  tip.style.display = mark ? "block" : "none";
  if (!mark) return;
  tip.textContent = mark.dataset.tip;
  tip.style.left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8) + "px";
  tip.style.top = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8) + "px";
});`;

/**
 * The page as text.
 * @param {SVGSVGElement} svg as Vega drew it: its marks know their tooltips
 * @param {import("./caption.js").Words} words
 * @param {import("./caption.js").Look} look
 */
export function pageOf(svg, words, look) {
  const copy = withTips(svg);
  const { width, height } = svg.viewBox.baseVal;
  const picture = svgOf({ width, height, draw: (context) => context.insert(copy, 0, 0, width, height) }, words, look);
  const title = escaped(words.title);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title><style>${STYLE}</style></head>
<body style="background: ${look.colours.card}">${picture}<div id="tip" role="tooltip"></div><script>${SCRIPT}</script></body></html>
`;
}

/**
 * A copy whose texts say how long they are, so that they take the same room in other fonts.
 * @param {SVGSVGElement} svg
 */
export function withLengths(svg) {
  const copy = /** @type {SVGSVGElement} */ (svg.cloneNode(true));
  const texts = copy.querySelectorAll("text");
  [...svg.querySelectorAll("text")].forEach((text, at) => {
    const length = text.childElementCount || !svg.isConnected ? 0 : text.getComputedTextLength();
    if (length) texts[at].setAttribute("textLength", length.toFixed(2));
    if (length) texts[at].setAttribute("lengthAdjust", "spacingAndGlyphs");
  });
  return copy;
}

/** A copy whose marks carry their tooltips as text. */
function withTips(svg) {
  const copy = withLengths(svg);
  const marks = copy.querySelectorAll("*");
  [...svg.querySelectorAll("*")].forEach((node, at) => {
    const { tooltip } = /** @type {any} */ (node).__data__ || {};
    if (tooltip && node.childElementCount === 0) marks[at].setAttribute("data-tip", wordsOf(tooltip));
  });
  return copy;
}

function wordsOf(tooltip) {
  if (typeof tooltip !== "object") return String(tooltip);
  return Object.entries(tooltip)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
}
