// A group of buttons is one stop of the Tab key; arrows move inside it.

import { hasKeyboard, onKeys } from "./cursor.js";
import { clamp } from "./numbers.js";

/**
 * The buttons of a group that can be used.
 * @param {Element} group
 * @returns {HTMLButtonElement[]}
 */
function buttonsOf(group) {
  return [...group.querySelectorAll("button")].filter((button) => !button.disabled);
}

/**
 * Arrows, Home and End move the focus over the buttons of a group, once it came by the keyboard; what is around does not hear them.
 * @param {HTMLElement} group
 */
export function addGroupKeys(group) {
  onKeys(group, (event) => {
    const buttons = buttonsOf(group);
    const at = buttons.findIndex((button) => button === event.target && hasKeyboard(button));
    const to = (/** @type {number} */ place) => () => {
      event.stopPropagation();
      buttons[clamp(place, 0, buttons.length - 1)].focus();
      setTabStop(group);
    };
    const [back, on] = [to(at - 1), to(at + 1)];
    /** @type {Record<string, () => void>} */
    const moves = { ArrowLeft: back, ArrowUp: back, ArrowRight: on, ArrowDown: on, Home: to(0), End: to(buttons.length - 1) };
    return at < 0 ? {} : moves;
  });
}

/**
 * One button of a group takes the Tab key: the one with the focus, else the one that is chosen, else the first.
 * @param {Element} group
 */
export function setTabStop(group) {
  const buttons = buttonsOf(group);
  const isChosen = (/** @type {Element} */ button) =>
    button.getAttribute("aria-pressed") === "true" || button.hasAttribute("aria-current");
  const stop = buttons.find((button) => button.matches(":focus")) || buttons.find(isChosen) || buttons[0];
  for (const button of buttons) button.tabIndex = button === stop ? 0 : -1;
}
