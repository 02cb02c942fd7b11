"""The map of patches: every cell is a share of the way, on one scale with zero in the middle."""

from __future__ import annotations

import pytest
import torch

from model.analysis.patching import Recovery, every_head_everywhere, every_position
from viz import charts
from viz.charts.parts.descriptions import alternative, tables
from viz.theme import DARK, LIGHT

SHARE = -1.7  # of the site that moves most, the wrong way


@pytest.fixture(scope="module")
def trace(tiny_translator):
    """A pair with markup in its text."""
    return tiny_translator.trace("Two <b>dogs</b>", "Deux chiens.")


def recovery(count: int, at: int) -> Recovery:
    """One site of many moves the prediction; log p of A's piece and of B's."""
    patched = torch.tensor([-1.0, -3.0]).expand(count, 2).clone()
    patched[at, 1] += SHARE * 4
    return Recovery(0, (300, 301), torch.tensor([-1.0, -3.0]), torch.tensor([-3.0, -1.0]), patched)


@pytest.mark.parametrize(("colours", "narrow"), [(LIGHT, False), (DARK, True)], ids=["light", "dark, narrow"])
@pytest.mark.parametrize("part", ["residual", "cross", "heads"])
def test_every_cell_is_its_share(tiny_translator, trace, part, colours, narrow):
    """Layers down, from the embedding; tokens or heads across; the site that is on is outlined, and the hover names both."""
    stack = "encoder" if part == "residual" else "decoder"
    places = every_head_everywhere(trace.anatomy, "cross") if part == "heads" else every_position(trace.anatomy, stack, part, len(trace.tokens(stack)))  # fmt: skip
    place, site = list(places.items())[-2]
    effects = recovery(len(places), len(places) - 2)
    figure = charts.patch_map(effects, places, trace, tiny_translator.tokenizer.piece, colours, narrow, {site})
    cells = figure.data[0]
    assert cells.z[place] == pytest.approx(SHARE, abs=1e-5) and (abs(cells.z) > 1e-6).sum() == 1
    assert (cells.zmin, cells.zmax) == (pytest.approx(SHARE), pytest.approx(-SHARE))
    outline = figure.layout.shapes[0]
    assert len(figure.layout.shapes) == 1 and (outline.y0, outline.x0) == (place[0] + 0.5, place[1] + 0.5)
    [table] = tables(figure)
    assert [len(table.rows), len(table.head) - 1] == [*cells.z.shape] and table.rows[place[0]][1 + place[1]] == pytest.approx(
        SHARE
    )
    assert ("embedding" in table.rows[0][0]) == (part == "residual") and ("head 1" in table.head[1]) == (part == "heads")
    if part == "cross":
        assert "producing" in table.head[1] and "reading “<s>”" in table.head[1].replace("&lt;", "<").replace("&gt;", ">")
    assert "1.70" in alternative(figure) and "of the way from" in alternative(figure)
