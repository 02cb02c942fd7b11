// The pictures of a hand-out: each is drawn by its component, and stays as vectors that print well.

import { element } from "../shared/dom.js";
import { bytesOf } from "../shared/unpack.js";
import { Vector } from "./vector.js";
import { drawingOf } from "./walk.js";

const WIDTH = { grid: 760 }; // CSS pixels of a component while it is drawn
const USUAL = 620;

export default function (component) {
  for (const place of component.parentElement.querySelectorAll("[data-component]")) draw(place, component.data);
  component.parentElement.dataset.pictures = "drawn"; // for tests
}

/** Draw one picture in its place. */
function draw(place, components) {
  const { component: name, numbers } = place.dataset;
  const box = element("div", "");
  box.style.width = `${WIDTH[name] || USUAL}px`;
  place.append(box);
  components[name]({ data: bytesOf(numbers), parentElement: box, setStateValue() {}, setTriggerValue() {} });
  const drawing = drawingOf(/** @type {HTMLElement} */ (box.querySelector(".room")));
  const context = new Vector();
  drawing.draw(context);
  const text = context.picture(
    drawing.width,
    drawing.height,
    box.querySelector("[aria-label]")?.getAttribute("aria-label") || "",
  );
  place.replaceChildren(document.importNode(new DOMParser().parseFromString(text, "image/svg+xml").documentElement, true));
}
