// The tooltip of a component: a name and lines of text beside the pointer.

import { element } from "./dom.js";

/**
 * An empty tooltip with a line of each class.
 * @param {string} testid
 * @param {string[]} lines
 */
export function makeTip(testid, lines) {
  const tip = element("div", "tip", { "data-testid": testid, "aria-hidden": "true" });
  tip.append(...lines.map((name) => element("div", name)));
  return tip;
}

/**
 * Show these texts beside the pointer, inside the window; nothing where there are none.
 * @param {HTMLElement} tip
 * @param {{clientX: number, clientY: number}} pointer
 * @param {string[] | null} texts
 */
export function showTip(tip, pointer, texts) {
  if (texts) texts.forEach((text, line) => (tip.children[line].textContent = text));
  placeTip(tip, texts ? pointer : null);
}

/**
 * Show a tooltip as it is beside the pointer, inside the window; put it away where there is none.
 * @param {HTMLElement} tip
 * @param {{clientX: number, clientY: number} | null} pointer
 */
export function placeTip(tip, pointer) {
  tip.style.display = pointer ? "block" : "none";
  if (!pointer) return;
  const { width, height } = tip.getBoundingClientRect();
  const { x, y } = besidePointer(
    pointer,
    { width, height },
    { width: document.documentElement.clientWidth, height: window.innerHeight },
  );
  tip.style.left = `${x}px`;
  tip.style.top = `${y}px`;
}

/**
 * Where a tooltip of a size stands: right below the pointer; left of it, or above, where the window ends.
 * @param {{clientX: number, clientY: number}} pointer
 * @param {{width: number, height: number}} size
 * @param {{width: number, height: number}} inside
 */
export function besidePointer({ clientX, clientY }, { width, height }, inside) {
  const [right, bottom] = [inside.width - 8, inside.height - 8];
  const x = clientX + 16 + width <= right ? clientX + 16 : clientX - 16 - width;
  const y = clientY + 18 + height <= bottom ? clientY + 18 : clientY - 14 - height;
  return { x: Math.max(8, Math.min(x, right - width)), y: Math.max(8, y) };
}
