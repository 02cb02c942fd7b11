// The keyboard: keys that act, and a cursor that walks over cells.

/**
 * Keys on a node: `actions` gives what each of them does now. Ctrl, Alt and Meta leave a key to the browser.
 * @param {HTMLElement} node
 * @param {(event: KeyboardEvent) => Record<string, () => void>} actions
 */
export function onKeys(node, actions) {
  node.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = actions(event)[event.key];
    if (!act) return;
    if (event.key !== "Escape") event.preventDefault(); // which may also close what is around the component
    act();
  });
}

/**
 * A cursor on a node that takes the focus: arrows, Home and End move it by (down, across), Enter and space act where it is.
 *
 * show: called when the keyboard arrives; hide: when the focus has gone; release: what Escape does.
 * @param {HTMLElement} node
 * @param {{move: (down: number, across: number) => void, act: () => void, show: () => void, hide: () => void, release?: () => void}} cursor
 */
export function addCursor(node, { move, act, show, hide, release = () => {} }) {
  const steps = {
    ArrowUp: () => move(-1, 0),
    ArrowDown: () => move(1, 0),
    ArrowLeft: () => move(0, -1),
    ArrowRight: () => move(0, 1),
    Home: () => move(0, -Infinity),
    End: () => move(0, Infinity),
  };
  onKeys(node, () => ({ ...steps, Enter: act, " ": act, Escape: release }));
  node.addEventListener("focus", () => hasKeyboard(node) && show());
  node.addEventListener("blur", hide);
}

/**
 * Whether the focus is on a node and came by the keyboard.
 * @param {HTMLElement} node
 */
export function hasKeyboard(node) {
  return node.matches(":focus-visible");
}
