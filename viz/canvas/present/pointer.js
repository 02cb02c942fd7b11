// The pointer on the wall: a ring that the back row can see.
//
// Where it is goes over the document as an event, "headlight-pointer": {picture, x, y}, shares of the picture's width and height, so that
// it means the same on screens of other sizes; null where it has left. Whoever sends that event on another screen shows the ring there.

import { element } from "../shared/dom.js";

const PICTURES =
  ".figure, .matrices .area, .heads-grid, .attention-lines, .decoding, .attention-steps, .tokens-cards, .js-plotly-plot, [data-testid=stVegaLiteChart]";
const REST = 1600; // ms after the last movement until the ring goes

/** The picture under a pointer, and where on it; null beside all pictures. */
function placeUnder(event) {
  const path = event.composedPath();
  const picture = path.find((node) => node instanceof Element && node.matches(PICTURES));
  const holder = picture && path.find((node) => node instanceof Element && /(^| )st-key-/.test(node.className));
  if (!holder) return null;
  const box = picture.getBoundingClientRect();
  const name = holder.className.match(/(?:^| )st-key-(\S+)/)[1];
  return { picture: name, x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
}

/** A picture by its name; none where it is not on the page. */
function pictureOf(name) {
  const holder = document.querySelector(`.st-key-${CSS.escape(name)}`);
  const roots = holder ? [holder, ...[...holder.querySelectorAll("*")].flatMap((node) => node.shadowRoot || [])] : [];
  return roots.map((root) => root.querySelector(PICTURES)).find(Boolean);
}

/** The ring, and what moves it. Returns the listeners: [name, function]. */
export function buildSpot(room) {
  room.spot = element("div", "spot", { "aria-hidden": "true", "data-testid": "spot" });
  room.spot.hidden = true;
  room.root.append(room.spot);
  const say = (place) => document.dispatchEvent(new CustomEvent("headlight-pointer", { detail: place }));
  const move = (event) => {
    if (room.data.mode !== "1") return;
    const place = placeUnder(event);
    if (place) say((room.pointed = place));
    else if (!room.isHeld) say(null);
    clearTimeout(room.rest);
    if (!room.isHeld) room.rest = setTimeout(() => say(null), REST);
  };
  return [
    ["pointermove", move],
    ["pointerdown", move],
    ["headlight-pointer", ({ detail }) => showSpot(room, (room.place = detail))],
    ["scroll", () => room.place && showSpot(room, room.place)],
  ];
}

/** Hold the ring where the pointer was last, or let it go. */
export function holdSpot(room) {
  room.isHeld = !room.isHeld;
  room.root.dataset.spot = String(room.isHeld);
  clearTimeout(room.rest);
  document.dispatchEvent(new CustomEvent("headlight-pointer", { detail: room.isHeld ? room.pointed || null : null }));
}

/** Another picture is on the wall: the ring goes. */
export function dropSpot(room) {
  if (room.isHeld) holdSpot(room);
  else if (room.place) document.dispatchEvent(new CustomEvent("headlight-pointer", { detail: null }));
}

/** Put the ring to a place on a picture, or away; away, too, where the place is scrolled out of sight or lies under the step of a lesson. */
function showSpot(room, place) {
  const picture = place && pictureOf(place.picture);
  const box = picture?.getBoundingClientRect();
  const [left, top] = box ? [box.left + place.x * box.width, box.top + place.y * box.height] : [0, 0];
  const over = box && document.elementFromPoint(left, top);
  room.spot.hidden = !over || Boolean(over.closest(".st-key-lesson, [data-testid=stSidebar]"));
  Object.assign(room.spot.style, { left: `${left}px`, top: `${top}px` });
  if (place?.isFar && picture && room.spot.hidden && room.sought !== picture) picture.scrollIntoView();
  if (!place || picture) room.sought = picture; // a reader who scrolls on is left alone until the teacher points anew
}
