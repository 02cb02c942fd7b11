// The rail: the name and what leads back and on, the map of the model, and the views in their groups.

import { OVERLAY, element } from "../shared/dom.js";
import { untilNext } from "../shared/room.js";
import { makeTip } from "../shared/tooltip.js";
import { drawDiagram, listenToDiagram, markPlace } from "./diagram.js";
import { buildGroups, markOpen } from "./groups.js";
import { buildTools, listenToKeys, markTools } from "./tools.js";

export default function (component) {
  const rail = (component.parentElement.headlight ||= build(component.parentElement));
  rail.tell = (name, value) => component.setTriggerValue(name, value);
  const { data } = component;
  if (rail.shape !== shapeOf(data)) {
    rail.shape = shapeOf(data);
    buildGroups(rail, data);
    drawDiagram(rail, data.diagram, data.place);
  }
  rail.data = data;
  rail.root.dataset.turn = data.turn;
  markOpen(rail, data.view, data.drawer);
  markPlace(rail, data.place);
  markTools(rail, data.can);
  return untilNext(rail, listenToKeys(rail));
}

/** What the elements are made of; all else is marked on them. */
function shapeOf({ groups, diagram, drawer, place }) {
  return JSON.stringify([groups, diagram, drawer.title, place.parts]);
}

/** The elements, made once and kept across reruns. */
function build(parent) {
  const root = element("div", "rail");
  const map = element("div", "room map", { translate: "no" });
  const tip = makeTip("rail-tip", ["name", "hint"]);
  const live = element("div", "unseen", { "aria-live": "polite" });
  const place = element("p", "place", { "data-testid": "rail-place" });
  const nav = element("nav", "views", { "aria-label": "Views" });
  /** @type {any} */
  const rail = { root, map, tip, live, place, nav, targets: [], cursor: 0 };
  rail.close = () => window.innerWidth <= OVERLAY && closeOverlay();
  map.append(place, tip, live);
  root.append(buildTools(rail), map, nav);
  parent.append(root);
  listenToDiagram(rail);
  return rail;
}

/** On a phone the rail lies over the page: whoever has chosen wants to see it. */
function closeOverlay() {
  /** @type {HTMLElement | null} */
  const button = document.querySelector("[data-testid=stSidebarCollapseButton] button");
  button?.click();
}
