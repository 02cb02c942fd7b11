// What lies over the picture: the blank screen, the QR code, the list of keys.

import { element } from "../shared/dom.js";
import { KEYS, keyName } from "./keys.js";

const QUIET = 4; // modules around a QR code that stay light
const HERE = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/; // addresses that only this computer can open
const NAMES = { blank: "The screen is blank. B shows the picture again.", code: "QR code of this picture", help: "Keys" };

/** Put a cover over the picture, or take it away. */
export function cover(room, name) {
  room.cover?.remove();
  room.cover = null;
  const isNew = name && room.covering !== name;
  room.covering = isNew ? name : "";
  room.root.dataset.cover = room.covering;
  if (!isNew) return;
  room.cover = element("div", `cover ${name}`, {
    role: "dialog",
    "aria-modal": "true",
    "aria-label": NAMES[name],
    tabindex: "-1",
  });
  room.cover.dataset.testid = `cover-${name}`;
  if (name === "help") room.cover.append(keyTable());
  room.cover.addEventListener("click", () => room.act(name));
  room.root.append(room.cover);
  room.cover.focus();
}

/** The address of this picture as an ordinary page. */
export function sharedLink() {
  const url = new URL(window.location.href);
  url.searchParams.delete("present");
  return url.href;
}

/** Write the QR code that Python has made of the address; no rows where it is too long. */
export function fillCode(room, rows) {
  if (room.covering !== "code") return;
  const link = new URL(sharedLink());
  const notes = [element("p", "host", {}, link.host)];
  if (HERE.test(link.hostname))
    notes.push(
      element(
        "p",
        "",
        {},
        "Only this computer can open that. Start the page with --server.address 0.0.0.0, open it by this computer's name.",
      ),
    );
  if (!rows.length)
    notes[0] = element(
      "p",
      "",
      {},
      `The address is too long for a QR code: ${link.href.length} characters. Take a shorter sentence.`,
    );
  room.cover.replaceChildren(...(rows.length ? [drawing(rows)] : []), ...notes);
}

/** Dark on white in every theme, one square a module. */
function drawing(rows) {
  const size = rows.length + 2 * QUIET;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const dark = rows.flatMap((row, y) => [...row].map((cell, x) => (cell === "1" ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : "")));
  path.setAttribute("d", dark.join(""));
  for (const [name, value] of Object.entries({ viewBox: `0 0 ${size} ${size}`, role: "img", "shape-rendering": "crispEdges" }))
    svg.setAttribute(name, value);
  svg.setAttribute("aria-label", `QR code of ${sharedLink()}`);
  svg.append(path);
  return svg;
}

function keyTable() {
  const table = element("table", "");
  for (const [, keys, words] of KEYS) {
    const row = element("tr", "");
    const names = element("td", "");
    names.append(...keys.map((key) => element("kbd", "", {}, keyName(key))));
    row.append(names, element("td", "", {}, words));
    table.append(row);
  }
  const note = element(
    "p",
    "",
    {},
    "A picture that was clicked keeps arrows and Enter for itself, until Esc. A clicker always walks.",
  );
  const box = element("div", "keys");
  box.append(table, note);
  return box;
}
