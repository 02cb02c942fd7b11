// Where on the page the parts stand that symbols name.

/**
 * The elements that a mark names: a container by its key, or elements of components by a selector, which live in shadow roots.
 * @param {string} mark
 * @returns {Element[]}
 */
export function partsOf(mark) {
  const at = mark.indexOf(" ");
  const [kind, name] = [mark.slice(0, at), mark.slice(at + 1)];
  if (kind === "card") return [...document.querySelectorAll(`.st-key-${CSS.escape(name)}`)];
  return kind === "part" ? inside(name) : [];
}

/**
 * Elements by a selector in the document and in all components.
 * @param {string} selector
 * @returns {Element[]}
 */
function inside(selector) {
  const roots = [...document.querySelectorAll(".stApp *")].map((node) => node.shadowRoot).filter((root) => root !== null);
  return [document, ...roots].flatMap((root) => [...root.querySelectorAll(selector)]);
}

/** The first matrix of the page: its box, where its cells begin, and how large they are. */
function matrix(area = /** @type {HTMLElement | undefined} */ (inside("[data-testid=matrices] .area")[0])) {
  if (!area?.dataset.cells) return null;
  const [left, top, across, down] = area.dataset.cells.split(",").map(Number);
  const box = area.getBoundingClientRect();
  return { box, left: box.left + left, top: box.top + top, across, down };
}

/**
 * The box of what a mark names, in the window; null where it is not there.
 * @param {string} mark
 */
export function boxOf(mark) {
  const [kind, ...place] = mark.split(" ");
  const [first, second] = place.map(Number);
  if (["row", "column", "cell"].includes(kind)) {
    const grid = matrix();
    if (!grid) return null;
    const { box, left, top, across, down } = grid;
    if (kind === "row") return { left: box.left, top: top + first * down, width: box.width, height: down };
    if (kind === "column") return { left: left + first * across, top: box.top, width: across, height: box.height };
    return { left: left + second * across, top: top + first * down, width: across, height: down };
  }
  const part = partsOf(mark).find((node) => node.getBoundingClientRect().width > 0);
  return part ? part.getBoundingClientRect() : null;
}

/**
 * Bring what a mark names into the window, where it is not.
 * @param {string} mark
 */
export function scrollTo(mark) {
  const area = inside("[data-testid=matrices] .area")[0];
  const part = ["row", "column", "cell"].includes(mark.split(" ")[0]) ? area : partsOf(mark)[0];
  part?.scrollIntoView({ block: "nearest" });
}

/**
 * The cell of a matrix under the pointer, from 0; null where there is none.
 * @param {PointerEvent} event
 */
export function cellUnder(event) {
  const area = event.composedPath().find((node) => node instanceof HTMLElement && node.dataset.cells);
  const grid = area && matrix(/** @type {HTMLElement} */ (area));
  if (!grid) return null;
  const column = Math.floor((event.clientX - grid.left) / grid.across);
  return { row: Math.floor((event.clientY - grid.top) / grid.down), column };
}
