// What lies over the picture: the blank screen, the QR code, the list of keys.

import { element } from "../shared/dom.js";
import { KEYS, keyName } from "./keys.js";

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

/** The address of this picture as an ordinary page; in a class that of its room, which leads there. */
export function sharedLink() {
  const url = new URL(window.location.href);
  const letters = url.searchParams.get("room");
  if (letters) url.search = `?room=${letters}`;
  url.searchParams.delete("present");
  return url.href;
}

/** Show the QR code that Python has made of the address, as the source of an image; empty where it is too long. */
export function fillCode(room, source) {
  if (room.covering !== "code") return;
  const link = new URL(sharedLink());
  const letters = link.searchParams.get("room");
  const notes = [element("p", "host", {}, letters ? `${link.host} · ${letters}` : link.host)];
  if (HERE.test(link.hostname))
    notes.push(
      element(
        "p",
        "",
        {},
        "Only this computer can open that. Start the page with --server.address 0.0.0.0, open it by this computer's name.",
      ),
    );
  if (!source)
    notes[0] = element(
      "p",
      "",
      {},
      `The address is too long for a QR code: ${link.href.length} characters. Take a shorter sentence.`,
    );
  room.cover.replaceChildren(...(source ? [element("img", "", { src: source, alt: `QR code of ${link.href}` })] : []), ...notes);
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
