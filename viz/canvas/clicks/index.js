// Clicks in Plotly figures, of which Streamlit reports few: one unseen element listens to all figures of some containers.

export default function (component) {
  const { data } = component;
  const whole = (value) => (Number.isInteger(value) ? value : null);
  const listen = (card, plot) => {
    if (!plot.on) return;
    if (plot.clickReport) plot.removeListener("plotly_click", plot.clickReport);
    plot.clickReport = ({ points }) => {
      const places = (points || []).map(({ x, y, customdata, data: part }) => ({
        card,
        name: part.name || "",
        row: whole(y),
        column: whole(x),
        value: whole(customdata),
      }));
      const hit = places.find(({ value }) => value !== null) || places.find(({ row, column }) => row !== null && column !== null);
      if (hit) component.setTriggerValue("click", hit);
    };
    plot.on("plotly_click", plot.clickReport);
  };
  const observers = data.cards.map((card) => {
    const box = document.querySelector(`.st-key-${CSS.escape(card)}`);
    const attach = () => box && box.querySelectorAll(".js-plotly-plot").forEach((plot) => listen(card, plot));
    const observer = new MutationObserver(attach);
    if (box) observer.observe(box, { childList: true, subtree: true });
    attach();
    return observer;
  });
  return () => observers.forEach((observer) => observer.disconnect());
}
