"""axe-core finds nothing in any view, light and dark: what readers with other eyes, ears and hands could not use."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.chromium import settled
from support.tabs import lead

from viz.views import VIEWS

expect.set_options(timeout=60_000)
AXE = Path(pytest.importorskip("axe_playwright_python").__file__).with_name("axe.min.js").read_text(encoding="utf-8")
# Text inside Plotly's SVG lies over shapes, so axe cannot tell what is behind it, and takes most of its time to say so; the
# colours themselves are measured in tests/viz/test_theme.py.
LOOK = """async ([rules, known]) => {
  const only = rules.length ? { runOnly: rules } : {};
  const exclude = [".js-plotly-plot .main-svg", "#vg-tooltip-element", ...known];
  const { violations } = await axe.run({ exclude }, { resultTypes: ["violations"], ...only });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => [id, html.slice(0, 200), failureSummary]));
}"""
STILL = """() => Promise.allSettled(
  document.getAnimations().filter((each) => each.effect.getComputedTiming().endTime < Infinity).map((each) => each.finished)
)"""
AROUND = (".st-key-header", "[data-testid=stSidebar] .views")  # the map marks another place in every view
PICTURE = ".js-plotly-plot .main-svg, [data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg, canvas, table"
TEXTS = "text=The+cat+sat.&second=The+dog+sat."  # few tokens: axe looks at each, and what it finds of one it finds of all
MORE = {  # parts of views that have other pictures than the first, and a page on which something is changed
    "layers": ("layer_part=norm", "layer_part=units"), "output": ("output_part=loss", "output_part=lens"),
    "decoding": ("decoding_part=beam",), "positions": ("position_part=laboratory",), "knockout": ("knockout_part=layers",),
    "patch": ("side=decoder&patch=encoder.residual.3.*.2:The+dog+sat.",),
    "one-head": ("paint=layer&causal=off&lab=on&sinks=hide", "target=Le+chat+dort.&text=Hi+😀&compare=difference&temperature=2"),
}  # fmt: skip


def violations(page, view: str, rules: tuple[str, ...] = (), known: tuple[str, ...] = ()) -> list:
    """What axe says of the page once the picture of the view stands. rules: only these; none: all. known: parts that were looked at before."""
    expect(page.locator(f".st-key-view-{view}").locator(PICTURE).first).to_be_visible()
    settled(page)
    page.evaluate(STILL)  # what Streamlit dims while it works fades back for a moment
    return [(view, *violation) for violation in page.evaluate(LOOK, [list(rules), list(known)])]


@pytest.mark.parametrize(("scheme", "rules"), [("light", ()), ("dark", ("color-contrast",))])
def test_axe_finds_nothing_in_any_view(visit, scheme, rules):
    """One tab goes through all views; what stands around them is looked at with the first. In the dark only colours are others."""
    first, *rest = VIEWS
    page = visit(f"?view={first}", scheme)
    page.evaluate(AXE)
    found = violations(page, first, rules)
    for view in rest:
        lead(page, f"?view={view}")
        found += violations(page, view, rules, AROUND)
    assert not found


def test_axe_finds_nothing_in_other_parts_and_under_a_change(visit):
    """The parts of views, a panel that is open, a translation of one's own, and bytes."""
    page = visit()
    page.evaluate(AXE)
    found = []
    for view, queries in MORE.items():
        for query in queries:
            lead(page, f"?view={view}&{query}" + ("" if "text=" in query else f"&{TEXTS}"))
            found += violations(page, view)
    assert not found
