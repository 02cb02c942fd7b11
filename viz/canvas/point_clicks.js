// Clicks on the points of Plotly figures, in three dimensions as well, where Streamlit reports none: each says what it stands for.

export default function (component) {
  const { data } = component;
  const cards = data.cards.map((name) => [name, document.querySelector(`.st-key-${CSS.escape(name)}`)]);
  const attach = (name, card) => {
    for (const plot of card.querySelectorAll(".js-plotly-plot")) {
      if (!plot.on) continue;
      if (plot.pointReport) plot.removeListener("plotly_click", plot.pointReport);
      plot.pointReport = (event) => {
        const point = event.points && event.points.find((item) => Number.isInteger(item.customdata));
        if (point) component.setTriggerValue("point", { card: name, value: point.customdata });
      };
      plot.on("plotly_click", plot.pointReport);
    }
  };
  const observers = [];
  for (const [name, card] of cards) {
    if (!card) continue;
    attach(name, card);
    const observer = new MutationObserver(() => attach(name, card));
    observer.observe(card, { childList: true, subtree: true });
    observers.push(observer);
  }
  return () => observers.forEach((observer) => observer.disconnect());
}
