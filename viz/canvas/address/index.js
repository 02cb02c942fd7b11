// The history of the browser: Streamlit makes an entry for every change of the address: for every pause in typing, and for what the page fills in.

const LATER = 300; // ms

export default function (component) {
  const first = !window.headlightHistory;
  const room = (window.headlightHistory ||= install());
  Object.assign(room, component.data, { component });
  const texts = first && recall();
  if (texts) component.setTriggerValue("texts", texts);
  const last = component.data.returns && !room.returned && !room.acted && visited();
  room.returned ||= component.data.returns;
  if (last) component.setTriggerValue("last", last);
}

/** Where a reader of this browser was last; null where nobody was. */
function visited() {
  try {
    return window.localStorage.getItem("headlight-last");
  } catch {
    return null;
  }
}

/** From now on a visit by the plain address goes on here. Storing costs a few milliseconds: it waits until the picture is drawn. */
function remember(room) {
  clearTimeout(room.storing);
  room.storing = setTimeout(store, LATER);
}

/** Store where the reader is, as a page of the ordinary kind. */
function store() {
  const search = new URLSearchParams(window.location.search);
  search.delete("present");
  try {
    window.localStorage.setItem("headlight-last", `?${search}`);
  } catch {
    // No room, or no storage: the next visit is a first one again.
  }
}

/** After a reload: the whole of the texts of which this address holds only the beginning; null where it holds all. */
function recall() {
  try {
    const { search, texts } = JSON.parse(window.sessionStorage.getItem("headlight-texts") ?? "null");
    return new URLSearchParams(search).toString() === new URLSearchParams(window.location.search).toString() ? texts : null;
  } catch {
    return null;
  }
}

/** Stand between Streamlit and the history, once a tab. */
function install() {
  const touched = navigator.userActivation?.hasBeenActive ?? false; // a reader may be quicker than this file
  const room = { fields: [], steps: [], typing: false, text: null, last: [], touched, acted: false };
  const push = window.history.pushState.bind(window.history);
  window.history.pushState = (state, title, url) => {
    if (replaces(room, url)) window.history.replaceState(state, title, url);
    else push(state, title, url);
    if (room.touched) remember(room);
  };
  // Streamlit forgets that a run is a step back where a run for something else comes close to it.
  room.arrive = () => {
    Object.assign(room, { typing: false, text: null, last: [], touched: false });
    room.component.setTriggerValue("search", window.location.search);
  };
  window.addEventListener("popstate", room.arrive);
  window.addEventListener("pagehide", () => room.touched && store());
  reconnect(room);
  for (const name of ["pointerdown", "click", "keydown", "input"])
    document.addEventListener(name, () => (room.touched = room.acted = true), true);
  const type = (event) => isField(event) && Object.assign(room, { typing: true, text: event.composedPath()[0].value });
  document.addEventListener("input", type, true);
  document.addEventListener("click", (event) => isField(event) || (room.typing = false), true);
  return room;
}

/**
 * A server that was started anew knows no fragment of this page, and says nothing to what is asked of one: once it is back, ask for the
 * whole page. What the page shows is in its address.
 */
function reconnect(room) {
  const state = () => document.querySelector("[data-test-connection-state]")?.getAttribute("data-test-connection-state");
  let before = state();
  new MutationObserver(() => {
    const now = state();
    if (now === "CONNECTED" && before !== now) room.component.setTriggerValue("again", true);
    before = now;
  }).observe(document.body, { subtree: true, attributeFilter: ["data-test-connection-state"] });
}

function isField(event) {
  return event.composedPath()[0].matches?.("input[type=text], input:not([type]), textarea") || false;
}

/** Whether the way to `url` belongs to the entry that is there: the reader types, goes on with what was moved last, or has done nothing yet. */
function replaces(room, url) {
  const next = new URL(url ?? window.location.href, window.location.href);
  if (next.pathname !== window.location.pathname) return false;
  const [from, to] = [new URLSearchParams(window.location.search), next.searchParams];
  const changed = [...new Set([...from.keys(), ...to.keys()])].filter((name) => from.get(name) !== to.get(name)).sort();
  const walks = changed.every((name) => room.last.includes(name) && room.steps.includes(name));
  if (!walks) room.last = changed;
  const texts = changed.filter((name) => room.fields.includes(name));
  const types =
    texts.length > 0 && (room.typing || (texts.length === changed.length && texts.every((name) => to.get(name) === room.text)));
  return !room.touched || types || walks;
}
