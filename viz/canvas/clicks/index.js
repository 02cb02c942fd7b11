// Clicks in figures: those of Plotly, of which Streamlit reports few, and our own. One unseen element listens to all of some containers.

export default function (component) {
  const { data } = component;
  const whole = (value) => (Number.isInteger(value) ? value : null);
  const report = (card, click) => component.setTriggerValue("click", { card, ...click });
  const listen = (card, plot) => {
    if (!plot.on) return;
    if (plot.clickReport) plot.removeListener("plotly_click", plot.clickReport);
    plot.clickReport = ({ points }) => {
      const places = (points || []).map(({ x, y, customdata, data: part }) => ({
        name: part.name || "",
        row: whole(y),
        column: whole(x),
        value: whole(customdata),
      }));
      const hit = places.find(({ value }) => value !== null) || places.find(({ row, column }) => row !== null && column !== null);
      if (hit) report(card, hit);
    };
    plot.on("plotly_click", plot.clickReport);
  };
  const ends = data.cards.map((card) => {
    const box = /** @type {HTMLElement | null} */ (document.querySelector(`.st-key-${CSS.escape(card)}`));
    if (!box) return () => {};
    const attach = () => box.querySelectorAll(".js-plotly-plot").forEach((plot) => listen(card, plot));
    const own = (event) => report(card, event.detail);
    const observer = new MutationObserver(attach);
    observer.observe(box, { childList: true, subtree: true });
    box.addEventListener("headlight-click", own);
    box.dataset.hearsClicks = "";
    attach();
    return () => {
      observer.disconnect();
      box.removeEventListener("headlight-click", own);
      delete box.dataset.hearsClicks;
    };
  });
  return () => ends.forEach((end) => end());
}
