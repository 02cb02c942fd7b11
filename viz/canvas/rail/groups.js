// The views in their groups: links, one stop of the Tab key a group, arrow keys inside.

import { onKeys } from "../shared/cursor.js";
import { element } from "../shared/dom.js";

/** The links of all groups, in place of those that were there. */
export function buildGroups(rail, { groups, drawer }) {
  rail.links = [];
  rail.nav.replaceChildren(...groups.map((group) => buildGroup(rail, group, drawer)));
}

function buildGroup(rail, { title, entries }, drawer) {
  const node = element("div", "group", { role: "group", "aria-label": title });
  node.append(element("div", "group-title", { "aria-hidden": "true" }, title));
  const rows = entries.map((views) => {
    const row = element("div", views.length > 1 ? "entry faces" : "entry");
    row.append(...views.map((view) => buildLink(rail, view)));
    return row;
  });
  if (drawer.group === title) rows.unshift(buildDrawer(rail, drawer));
  node.append(...rows);
  onKeys(node, (event) => walk(node, event.target));
  return node;
}

/** A link to a view: the middle button opens it in a tab of its own. */
function buildLink(rail, { slug, title }) {
  const link = element("a", "view", { href: hrefOf(slug), "data-slug": slug }, title);
  for (const name of ["pointerenter", "focus"]) link.addEventListener(name, () => (link.href = hrefOf(slug)));
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    mark(rail, slug);
    rail.tell("view", slug);
    rail.close();
  });
  rail.links.push(link);
  return link;
}

/** The address of the page, but for the view. */
function hrefOf(slug) {
  const query = new URLSearchParams(window.location.search);
  query.set("view", slug);
  return `?${query}`;
}

/** The entry that opens and closes the changes. */
function buildDrawer(rail, { title }) {
  const row = element("div", "entry");
  rail.drawer = element("button", "view drawer", { type: "button", "aria-expanded": "false", "data-testid": "rail-drawer" });
  rail.count = element("span", "count");
  rail.drawer.append(element("span", "", {}, title), rail.count);
  rail.drawer.addEventListener("click", () => {
    rail.tell("drawer", true);
    rail.close();
  });
  row.append(rail.drawer);
  return row;
}

/** What the arrow keys, Home and End do on an entry of a group. */
function walk(group, target) {
  const stops = [...group.querySelectorAll(".view")];
  const at = stops.indexOf(target.closest(".view"));
  const go = (to) => () => {
    const next = stops[(to + stops.length) % stops.length];
    stops.forEach((stop) => (stop.tabIndex = stop === next ? 0 : -1));
    next.focus();
  };
  const [before, after] = [go(at - 1), go(at + 1)];
  return { ArrowUp: before, ArrowLeft: before, ArrowDown: after, ArrowRight: after, Home: go(0), End: go(-1) };
}

/** Which view is open, and whether the changes are. */
export function markOpen(rail, slug, drawer) {
  mark(rail, slug);
  if (!rail.drawer) return;
  rail.drawer.setAttribute("aria-expanded", String(drawer.open));
  rail.count.textContent = drawer.changes ? String(drawer.changes) : "";
  rail.count.title = drawer.changes ? `${drawer.changes} changed` : "";
}

function mark(rail, slug) {
  for (const link of rail.links) {
    if (link.dataset.slug === slug) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const group of rail.nav.children) {
    const stops = [...group.querySelectorAll(".view")];
    const stop = stops.find((node) => node.matches(":focus")) || stops.find((node) => node.ariaCurrent) || stops[0];
    stops.forEach((node) => (node.tabIndex = node === stop ? 0 : -1));
  }
}
