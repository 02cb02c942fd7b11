// A look at the room every few seconds. It is asked for only while no run goes on: of one that is asked for earlier a busy server may lose
// the end of the run before it. A wall tells with it where its pointer is; a student's page hears so where to show a ring.

const TICK = 250; // ms
const APART = 500; // ms between two looks: Streamlit sends what is asked for at once as one, and runs only one fragment of it
const LATE = 4_000; // ms after which a run that is not on the page is lost
const POINTER = "headlight-pointer"; // the event of present/pointer.js

export default function (component) {
  /** @type {any} */
  const root = component.parentElement;
  root.headlightLook ||= start(root);
  root.headlightLook.component = component;
  showRing(root.headlightLook);
}

function start(root) {
  /** @type {{component: any, last: number, pointed: any, latest: string, ring: any, missed: number}} */
  const look = { component: null, last: Date.now(), pointed: null, latest: "null", ring: null, missed: 0 };
  const hear = (/** @type {any} */ { detail }) => detail?.isFar || (look.pointed = detail);
  document.addEventListener(POINTER, hear);
  const timer = window.setInterval(() => {
    if (root.isConnected) return tick(look);
    window.clearInterval(timer);
    document.removeEventListener(POINTER, hear);
    if (look.ring) say(null);
  }, TICK);
  return look;
}

function tick(look) {
  showRing(look); // the picture may have moved
  if (isLate(look)) window.headlightSeat?.component?.setTriggerValue("again", true);
  const { seconds, points } = look.component.data;
  const place = JSON.stringify(look.pointed);
  const wait = points && place !== look.latest ? 0 : 1000 * seconds;
  if (Date.now() - look.last < wait || Date.now() - (window.headlightLooked || 0) < APART || !isIdle()) return;
  Object.assign(look, { latest: place, last: (window.headlightLooked = Date.now()) });
  look.component.setTriggerValue("look", { at: look.last, spot: points ? look.pointed : null });
}

/** Whether the server has drawn a run of which the end has not come, and will not. */
function isLate(look) {
  const marks = [...document.querySelectorAll("[data-run]")].map((node) => Number(node.getAttribute("data-run")));
  if (!marks.length || Math.max(...marks) >= look.component.data.run) look.missed = 0;
  else if (!look.missed) look.missed = Date.now();
  else if (Date.now() - look.missed > LATE && isIdle()) return Boolean((look.missed = Date.now()));
  return false;
}

/** A ring where the teacher points; away where there was one. */
function showRing(look) {
  const { spot } = look.component.data;
  if (spot) say({ ...spot, isFar: true });
  else if (look.ring) say(null);
  look.ring = spot;
}

function say(detail) {
  document.dispatchEvent(new CustomEvent(POINTER, { detail }));
}

/** Whether the page is connected, and its last run has been told of to its end. */
function isIdle() {
  const app = document.querySelector("[data-testid=stApp]");
  return (
    app?.getAttribute("data-test-script-state") === "notRunning" && app.getAttribute("data-test-connection-state") === "CONNECTED"
  );
}
