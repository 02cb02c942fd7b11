"""What can be read on a page: how large everything on it is written, and where its picture begins."""

from __future__ import annotations

LETTERS, ALOUD = 13, 16  # px: the least of any text, and of the sentence that is read aloud
# Pictures of a view: canvases with their legend, what Plotly and Vega draw, and views whose pictures are chips or tables.
PICTURES = ".figure, .matrices, .heads-grid, .attention-lines .scroll, .flow, .stage, .tokens-cards, .js-plotly-plot, [data-testid=stVegaLiteChart]"

# Canvases say how large they write: from here on every text is measured as it is drawn, in CSS pixels.
WATCH = """() => {
  if (window.letters) return;
  window.letters = [];
  const pencil = CanvasRenderingContext2D.prototype, write = pencil.fillText;
  pencil.fillText = function (text, ...place) {
    const { a, b } = this.getTransform(), size = this.font.match(/([\\d.]+)px/)[1] * Math.hypot(a, b) / devicePixelRatio;
    if (this.canvas.isConnected && String(text).trim()) window.letters.push([size, text]);
    return write.call(this, text, ...place);
  };
}"""
FAULTS = """([least, aloud, pictures, most]) => {
  const faults = window.letters.filter(([size]) => size < least - 0.05).map(([size, text]) => `${size} px on a canvas: ${text}`);
  const tops = [], main = document.querySelector("[data-testid=stMain]");
  window.letters.length = 0;
  const look = (root) => { for (const node of root.querySelectorAll("*")) {
    if (node.shadowRoot) look(node.shadowRoot);
    const { width, height, y } = node.getBoundingClientRect();
    if (width < 2 || height < 2 || getComputedStyle(node).visibility === "hidden" || node.closest("style, script")) continue;
    if (node.matches(pictures)) tops.push(y + main.scrollTop);
    const text = [...node.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE).map((part) => part.textContent.trim()).join("");
    const scale = node.ownerSVGElement?.viewBox?.baseVal?.width ? Math.hypot(node.getScreenCTM().a, node.getScreenCTM().b) : 1;
    const size = parseFloat(getComputedStyle(node).fontSize) * scale * (node.currentCSSZoom || 1), wants = node.matches(".sentence") ? aloud : least;
    if (text && width > 10 && size < wants - 0.05 && !node.closest("sup, [class*=katex]")) faults.push(`${size} px: ${text}`);
  } };
  look(document);
  const top = Math.min(...tops);
  if (!(top <= most)) faults.push(`the picture begins at ${top}`);
  if (document.documentElement.scrollWidth > innerWidth) faults.push(`${document.documentElement.scrollWidth} px wide`);
  return faults;
}"""


def watch(page) -> None:
    """Measure what canvases write from now on."""
    page.evaluate(WATCH)


def small(page, least: float) -> list[str]:
    """What of the page is written smaller than `least` px since it was measured last, and whether it is wider than the screen."""
    return page.evaluate(FAULTS, [least, least, PICTURES, 10_000])


def faults(page, most: float) -> list[str]:
    """What of the page cannot be read from afar, and where its first picture begins below `most` px."""
    return page.evaluate(FAULTS, [LETTERS, ALOUD, PICTURES, most])
