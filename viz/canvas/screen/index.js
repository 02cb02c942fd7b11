// What the page must know of the screen that CSS cannot tell it: figures that Python draws have a layout of their own on a phone, and
// rows of buttons choose a head only where no map stands beside the page.

import { OVERLAY } from "../shared/dom.js";

export default function (component) {
  const { most, ...before } = component.data;
  const screen = window.matchMedia(`(max-width: ${most}px)`);
  const report = () => {
    const rail = document.querySelector("[data-testid=stSidebar]");
    const now = { narrow: screen.matches };
    if (rail) now.map = window.innerWidth > OVERLAY && rail.getAttribute("data-collapsed") === "false";
    for (const [name, value] of Object.entries(now)) if (value !== before[name]) component.setStateValue(name, value);
  };
  const rail = new MutationObserver(report);
  rail.observe(document.body, { subtree: true, attributeFilter: ["data-collapsed"] });
  report();
  window.addEventListener("resize", report);
  return () => {
    rail.disconnect();
    window.removeEventListener("resize", report);
  };
}
