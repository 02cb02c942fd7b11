// Between the wall and its notes: two windows of one browser. The wall says where it is, the notes say which keys were pressed.

const KEPT = "headlight-present"; // in the tab: {id, started}
const [TRIES, PATIENCE] = [3, 4000]; // to follow the wall; ms between two
const WINDOW = "headlight-notes-"; // name of the window with the notes, before the id of its wall

/** What the tab knows of the talk on its wall: its id, and when it began (ms). Begun anew where there is none. */
function talk() {
  try {
    const before = JSON.parse(window.sessionStorage.getItem(KEPT) ?? "null");
    if (before) return before;
    const begun = { id: Math.random().toString(36).slice(2), started: Date.now() };
    window.sessionStorage.setItem(KEPT, JSON.stringify(begun));
    return begun;
  } catch {
    return { id: "this", started: Date.now() }; // no storage: one talk in this browser
  }
}

/** The talk is over: the next one has a clock of its own. */
export function endTalk() {
  try {
    window.sessionStorage.removeItem(KEPT);
  } catch {
    // Nothing was kept.
  }
}

/** Open the channel that fits the mode, and leave any other. Of notes that no wall has opened there is none. */
export function connect(room) {
  const { mode } = room.data;
  if (mode === "1") room.talk ||= talk();
  const id = mode === "1" ? room.talk.id : mode && window.name.startsWith(WINDOW) ? window.name.slice(WINDOW.length) : "";
  if (room.line && room.line.id === id && room.line.mode === mode) return;
  disconnect(room);
  if (!id) return;
  const channel = new BroadcastChannel(`${KEPT}-${id}`);
  room.line = { id, mode, channel };
  channel.onmessage = ({ data }) => (mode === "1" ? hearNotes(room, data) : hearWall(room, data));
  if (mode !== "1") channel.postMessage({ hello: true });
}

export function disconnect(room) {
  room.line?.channel.close();
  room.line = null;
}

/** Tell the notes where the wall is. */
export function tellNotes(room) {
  if (room.line?.mode !== "1" || !room.talk) return;
  const { search, reveals } = room.data;
  room.line.channel.postMessage({ search, reveals, started: room.talk.started, covering: room.covering });
}

/** Let the wall do what a key in the window with the notes asks for. */
export function tellWall(room, action) {
  room.line?.channel.postMessage({ action });
}

function hearNotes(room, { hello, action }) {
  if (hello) tellNotes(room);
  if (action) room.act(action);
}

function hearWall(room, message) {
  if (message.action || message.hello) return; // of other notes
  room.wall = message;
  room.tries = 0;
  follow(room);
  room.refresh();
}

/** Ask Python for what is on the wall, where the notes are elsewhere; again where nothing came of it. */
export function follow(room) {
  const to = room.wall && ordinary(room.wall.search);
  if (!to || to === ordinary(room.data.search) || room.tries >= TRIES) return;
  if (room.tries && Date.now() - room.lastTry < PATIENCE) return;
  Object.assign(room, { tries: room.tries + 1, lastTry: Date.now() });
  room.tell("follow", to);
}

/** Parameters of an address without the mode. */
function ordinary(search) {
  const parameters = new URLSearchParams(search);
  parameters.delete("present");
  return `?${parameters}`;
}

/** Open the window with the notes, or bring it to the front. */
export function openNotes(room) {
  const url = new URL(window.location.href);
  url.searchParams.set("present", "notes");
  window.open(url, WINDOW + room.talk.id, "popup,width=920,height=760")?.focus();
}
