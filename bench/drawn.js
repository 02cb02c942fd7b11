// Runs in the page before its own scripts: when Enter (or, on a switch, the space bar) was pressed, what the server sent since, and when the last change was on screen.

(() => {
  const bench = { filled: 0, entered: 0, early: false, request: 0, last: 0, received: 0, bytes: 0, frame: 0, pending: false };
  window.bench = bench;

  /** Something in the main block changed: it is on screen after the next frame. */
  function changed() {
    if (bench.pending) return;
    bench.pending = true;
    requestAnimationFrame(() => {
      bench.pending = false;
      const { port1, port2 } = new MessageChannel(); // its message comes after the frame was laid out and painted
      port1.onmessage = () => (bench.frame = performance.now());
      port2.postMessage(0);
    });
  }

  /** Attributes that say nothing new: Streamlit's marks of elements that wait for their rerun, and React's late copy of what was typed. */
  const unseen = { "[data-testid=stElementContainer]": ["data-stale", "class"], input: ["value"] };

  /** Whether a mutation changes the picture in the main block. */
  function counts({ type, target, attributeName }) {
    const element = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
    if (!element?.closest(".stMain") || element.closest("header, [data-testid=stStatusWidget]")) return false;
    return (
      type !== "attributes" ||
      !Object.entries(unseen).some(([name, noise]) => element.matches(name) && noise.includes(attributeName))
    );
  }

  new MutationObserver((records) => records.some(counts) && changed()).observe(document, {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
  });

  const strokes = [
    "clearRect",
    "drawImage",
    "fill",
    "fillRect",
    "fillText",
    "putImageData",
    "stroke",
    "strokeRect",
    "strokeText",
  ];
  const meshes = ["clear", "drawArrays", "drawElements"];
  const canvases = [
    [CanvasRenderingContext2D, strokes],
    [WebGLRenderingContext, meshes],
    [WebGL2RenderingContext, meshes],
  ];
  for (const [{ prototype }, names] of canvases) {
    for (const name of names) {
      const draw = prototype[name];
      prototype[name] = function (...values) {
        changed();
        return draw.apply(this, values);
      };
    }
  }

  const heard = new WeakSet();
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (message) {
    bench.last = performance.now();
    if (bench.request <= bench.entered) bench.request = bench.last; // the first one after Enter
    if (!heard.has(this)) {
      heard.add(this);
      this.addEventListener("message", ({ data }) => {
        bench.received = performance.now();
        bench.bytes += data.byteLength ?? data.size ?? data.length;
      });
    }
    return send.call(this, message);
  };

  addEventListener("input", () => (bench.filled = performance.now()), true);
  addEventListener(
    "keydown",
    ({ key, target }) => {
      const flips = key === " " && target.type === "checkbox";
      if (key !== "Enter" && !flips) return;
      Object.assign(bench, { entered: performance.now(), early: !flips && bench.last > bench.filled, received: 0, bytes: 0 });
    },
    true,
  );

  /** The text on screen: the pieces of the source, or, on the empty page, its echo. */
  bench.text = () => {
    const row = document.querySelector("[data-testid=tokens-source]");
    const parts = row ? row.querySelectorAll(".chip:not(.special)") : document.querySelectorAll(".stMain [data-testid=stText]");
    return [...parts].map((part) => part.textContent).join("");
  };

  /** Whether the rerun is over and nothing has come or changed for `quiet` milliseconds. Where the text was sent before Enter, Enter sends nothing. */
  bench.settled = (quiet) => {
    const running = document.querySelector("[data-testid=stApp]")?.dataset.testScriptState !== "notRunning";
    const answered = bench.early || (bench.request > bench.entered && bench.received > bench.request);
    return (
      answered && !running && !bench.pending && performance.now() - Math.max(bench.frame, bench.received, bench.entered) > quiet
    );
  };
})();
