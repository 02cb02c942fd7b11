// A seat in a class: its cookie, and a watch over the page's looks at the room.

const SILENCE = 15_000; // ms without a run, where there should be one every two seconds

export default function (component) {
  const { name, value, seconds } = component.data;
  document.cookie = `${name}=${value}; max-age=${seconds}; path=/; SameSite=Lax`;
  const watch = (window.headlightSeat ||= listen());
  watch.component = component;
}

/** Whoever has a seat and a connection and hears nothing asks for the whole page. */
function listen() {
  /** @type {{component: any, heard: number}} */
  const watch = { component: null, heard: Date.now() };
  new MutationObserver(() => (watch.heard = Date.now())).observe(document.body, {
    subtree: true,
    attributeFilter: ["data-test-script-state"],
  });
  window.setInterval(() => {
    const sits =
      watch.component?.parentElement?.isConnected && document.querySelector('[data-test-connection-state="CONNECTED"]');
    if (!sits || document.hidden || Date.now() - watch.heard < SILENCE) return;
    watch.heard = Date.now();
    watch.component.setTriggerValue("again", true);
  }, 1000);
  return watch;
}
