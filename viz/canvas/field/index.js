// Text areas: Enter reads what was typed, and so does a pause. Streamlit's own key for it is Ctrl and Enter, so that is what it is sent.

export default function (component) {
  window.headlightFields ||= install(component.data.pause);
}

/** Listen to the whole page, once a tab. pause: milliseconds. */
function install(pause) {
  let waiting = setTimeout(() => isField(document.activeElement) && read(document.activeElement)); // who was quicker than this file
  document.addEventListener("input", (event) => {
    clearTimeout(waiting);
    if (isField(event.target) && !(/** @type {InputEvent} */ (event).isComposing))
      waiting = setTimeout(read, pause, event.target);
  });
  document.addEventListener("compositionend", ({ target }) => isField(target) && (waiting = setTimeout(read, pause, target)));
  document.addEventListener(
    "keydown",
    (event) => {
      const { target, key, shiftKey, ctrlKey, metaKey, isComposing } = event;
      if (key !== "Enter" || shiftKey || ctrlKey || metaKey || isComposing || !isField(target)) return;
      event.preventDefault();
      clearTimeout(waiting);
      read(target);
    },
    true,
  );
  return true;
}

function isField(node) {
  return node instanceof HTMLTextAreaElement;
}

/** Have Streamlit read a field, if anything in it is new. */
function read(field) {
  if (!field.isConnected) return;
  field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true }));
}
