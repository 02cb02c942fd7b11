// What keys mean on the wall, and whose they are: a picture or a field with the focus keeps its own.

/**
 * Keys by what they do, as the list on "?" has them: [action, keys, what it does].
 * @type {[string, string[], string][]}
 */
export const KEYS = [
  ["next", ["ArrowRight", "PageDown", " "], "on: the next step, or the next view"],
  ["back", ["ArrowLeft", "PageUp"], "back"],
  ["first", ["Home"], "the first one"],
  ["last", ["End"], "the last one"],
  ["reveal", ["r", "Enter"], "show the answer"],
  ["blank", ["b", "."], "a blank screen, and back"],
  ["code", ["q"], "a QR code of exactly this"],
  ["notes", ["n"], "notes for the speaker, in a window of their own"],
  ["spot", ["l"], "hold the pointer's ring, and let it go"],
  ["full", ["f"], "full screen, and back"],
  ["help", ["?"], "these keys"],
  ["leave", ["Escape"], "close what lies over the picture; leave"],
];
const ACTIONS = new Map(KEYS.flatMap(([action, keys]) => keys.map((key) => /** @type {[string, string]} */ ([key, action]))));
const CLICKER = ["PageUp", "PageDown"]; // also while the picture has the focus
const ON_NOTES = ["next", "back", "first", "last", "reveal", "blank", "code"]; // what the window with the notes asks of the wall

/**
 * What a key does; empty where it does nothing of ours.
 * @param {{key: string, ctrlKey: boolean, altKey: boolean, metaKey: boolean, repeat: boolean}} event
 * @param {string} mode "", "1" or "notes"
 * @param {"field" | "button" | "picture" | "page"} owner what has the focus
 * @returns {string}
 */
export function actionOf({ key, ctrlKey, altKey, metaKey, repeat }, mode, owner) {
  if (ctrlKey || altKey || metaKey || repeat || owner === "field") return "";
  const name = key.length === 1 ? key.toLowerCase() : key;
  if (!mode) return name === "p" ? "enter" : "";
  const action = ACTIONS.get(name) || "";
  const isLetter = name.length === 1 && name !== " ";
  if (owner === "button" && (name === "Enter" || name === " ")) return "";
  if (owner === "picture" && !isLetter && !CLICKER.includes(name)) return name === "Escape" ? "release" : "";
  return mode === "notes" && !ON_NOTES.includes(action) && action !== "help" && action !== "leave" ? "" : action;
}

/**
 * Whose the keys are: of the node that has the focus.
 * @param {EventTarget[]} path of an event, the innermost first
 * @returns {"field" | "button" | "picture" | "page"}
 */
export function ownerOf(path) {
  const [node] = path;
  if (!(node instanceof HTMLElement) || node === document.body) return "page";
  if (
    node.isContentEditable ||
    node.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=range], [type=button])")
  )
    return "field";
  if (path.some((each) => each instanceof Element && each.matches("[class*=st-key-view-]"))) return "picture";
  return node.matches("a[href], button, summary, [role=button]") ? "button" : "page";
}

/**
 * A key as people call it.
 * @param {string} key
 */
export function keyName(key) {
  /** @type {Record<string, string>} */
  const names = { ArrowRight: "→", ArrowLeft: "←", PageDown: "Page Down", PageUp: "Page Up", " ": "space", Escape: "Esc" };
  return names[key] || (key.length === 1 ? key.toUpperCase() : key);
}
