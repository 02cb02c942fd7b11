// One polite live region for the page: what is new is said once, when nothing newer has come for a while.

import { element } from "../shared/dom.js";

const PAUSE = 900; // ms without news: the reader has stopped typing

export default function (component) {
  /** @type {any} */
  const parent = component.parentElement;
  const { parts } = component.data;
  const room = (parent.headlight ||= build(parent, parts));
  clearTimeout(room.timer);
  room.timer = setTimeout(() => say(room, parts), PAUSE);
}

/** The region; what is there at first counts as read. */
function build(parent, parts) {
  const root = element("div", "", { role: "status", "aria-live": "polite", "data-testid": "announcements" });
  parent.append(root);
  return { root, parts };
}

/** Say what is new, each part in its language, in place of what was said before. */
function say(room, parts) {
  const earlier = new Set(room.parts.map((part) => JSON.stringify(part)));
  const news = parts.filter((part) => !earlier.has(JSON.stringify(part)));
  room.parts = parts;
  if (news.length) room.root.replaceChildren(...news.map(paragraph));
}

function paragraph({ opening, text, language }) {
  const node = element("p", "", {}, opening && `${opening} `);
  node.append(element("span", "", { lang: language }, text));
  return node;
}
