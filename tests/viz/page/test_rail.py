"""The rail: every view in its group, and the map of any model."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.handmade import READER, RECURRENT, SHARED, STREAMED, WRITER

from model.transformer.config import Config
from viz.canvas.rail import diagram
from viz.page.rail import groups, place
from viz.page.scene import GROUPS
from viz.page.state import State
from viz.theme import LIGHT
from viz.views import VIEWS

OURS = replace(
    Config().anatomy(),
    stacks=tuple(
        replace(stack, language=language)
        for stack, language in zip(Config().anatomy().stacks, ("English", "French"), strict=True)
    ),
)


def test_the_groups_stand_in_the_order_of_the_computation():
    """Every view once; the two pairs of faces share a row."""
    rows = {group["title"]: [[view["slug"] for view in entry] for entry in group["entries"]] for group in groups(VIEWS)}
    assert rows == {
        "Read": [["tokens"], ["embeddings"], ["positions"]],
        "Attend": [["lines", "one-head"], ["all-heads"], ["roles"]],
        "Compute": [["steps", "qkv"], ["joined"], ["layers"]],
        "Say": [["decoding"], ["output"], ["origin"]],
        "Experiment": [["knockout"], ["pair"], ["patch"], ["recurrent"]],
    }
    assert list(rows) == list(GROUPS)


def test_a_group_without_views_is_left_out_but_the_last_one_holds_the_changes():
    """One view alone: its group, and the one with the drawer."""
    assert [group["title"] for group in groups({"tokens": VIEWS["tokens"]})] == ["Read", "Experiment"]


@pytest.mark.parametrize("slug", list(VIEWS))
def test_every_view_has_a_place_on_the_map(slug):
    """A part that the map of our model draws, or heads; what a click opens are blocks."""
    drawn = diagram(OURS, LIGHT)
    blocks = {block["part"] for stack in drawn["stacks"] for block in stack["foot"] + stack["top"]}
    assert VIEWS[slug].part in blocks | {"heads", "head", "layer", "stream", "bridge"}
    here = place(VIEWS[slug], State(side="decoder"), ("cross", 1, 2), VIEWS)
    assert set(here["parts"]) == blocks | {"stream", "bridge"} and here["head"] == ["cross", 1, 2]
    assert here["stack"] == ("decoder" if slug in ("tokens", "embeddings", "positions", "layers", "patch") else "")


def test_the_map_of_our_model():
    """Layers with their sublayers from below, what predicts on top, and the link between the stacks."""
    reads, says = diagram(OURS, LIGHT)["stacks"]
    assert [row["kind"] for row in reads["rows"]] == ["encoder", ""] and not reads["top"]
    assert [row["kind"] for row in says["rows"]] == ["decoder", "cross", ""]
    assert [block["label"] for block in says["top"]] == ["linear, softmax", "French"]
    assert [block["label"] for block in says["foot"]] == ["French so far", "embedding", "+ positions"]
    assert [(link["from"], link["to"]) for link in diagram(OURS, LIGHT)["links"]] == [("encoder", "decoder")]


@pytest.mark.parametrize(
    "anatomy", [READER, WRITER, SHARED, STREAMED, RECURRENT], ids=["reader", "writer", "shared", "streamed", "recurrent"]
)
def test_the_map_of_other_models(anatomy):
    """Every kind of attention has its row in the stack that asks; what a model lacks is not drawn."""
    drawn = diagram(anatomy, LIGHT)
    kinds = {row["kind"]: row["heads"] for stack in drawn["stacks"] for row in stack["rows"] if row["kind"]}
    assert kinds == {kind.name: kind.heads for kind in anatomy.kinds}
    assert all(stack["rows"] for stack in drawn["stacks"])
    assert {link["kind"] for link in drawn["links"]} == {kind.name for kind in anatomy.kinds if not kind.is_self}
    bare = diagram(replace(anatomy, missing={**anatomy.missing, "positions": "It has none."}), LIGHT)
    assert all(block["part"] != "positions" for stack in bare["stacks"] for block in stack["foot"])
