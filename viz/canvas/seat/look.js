// A look at the room every few seconds. It is asked for only while no run goes on: of one that is asked for earlier a busy server may lose
// the end of the run before it.

const TICK = 250; // ms
const APART = 500; // ms between two looks: Streamlit sends what is asked for at once as one, and runs only one fragment of it

export default function (component) {
  /** @type {any} */
  const root = component.parentElement;
  root.headlightLook ||= start(root);
  root.headlightLook.component = component;
}

function start(root) {
  /** @type {{component: any, last: number}} */
  const look = { component: null, last: Date.now() };
  const timer = window.setInterval(() => {
    if (!root.isConnected) window.clearInterval(timer);
    else if (Date.now() - look.last >= 1000 * look.component.data.seconds && isIdle()) {
      if (Date.now() - (window.headlightLooked || 0) < APART) return;
      look.last = window.headlightLooked = Date.now();
      look.component.setTriggerValue("look", look.last);
    }
  }, TICK);
  return look;
}

/** Whether the page is connected, and its last run has been told of to its end. */
function isIdle() {
  const app = document.querySelector("[data-testid=stApp]");
  return (
    app?.getAttribute("data-test-script-state") === "notRunning" && app.getAttribute("data-test-connection-state") === "CONNECTED"
  );
}
