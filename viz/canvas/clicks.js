// Clicks on the cells of Plotly heatmaps, which Streamlit does not report: one unseen element listens beside them.

export default function (component) {
  const { data, parentElement } = component;
  const card = document.querySelector(`.st-key-${CSS.escape(data.card)}`);
  if (!card) return undefined;
  const report = (event) => {
    const point = event.points && event.points.find((item) => Number.isInteger(item.x) && Number.isInteger(item.y));
    if (point) component.setTriggerValue("cell", { row: point.y - 1, column: point.x - 1, name: point.data.name || "" });
  };
  const attach = () => {
    for (const plot of card.querySelectorAll(".js-plotly-plot")) {
      if (!plot.on) continue;
      if (plot.cellReport) plot.removeListener("plotly_click", plot.cellReport);
      plot.cellReport = report;
      plot.on("plotly_click", report);
    }
    parentElement.querySelector?.("[data-testid=cell-clicks]")?.setAttribute("data-card", data.card);
  };
  attach();
  const observer = new MutationObserver(attach);
  observer.observe(card, { childList: true, subtree: true });
  return () => observer.disconnect();
}
