"""A patch as a value: one key whatever the order, JSON and back, refused in words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import patches

from model.trace.intervention import Intervention
from model.trace.patch import Patch
from model.trace.places import check_places, within
from model.transformer.config import Config

SITE = ("encoder", "feed_forward", 1, None, 2)
ANATOMY = Config(encoder_layers=2, decoder_layers=3, heads=4).anatomy()


@given(patch=patches(), order=st.randoms())
def test_the_order_of_sites_is_no_part_of_it(patch, order):
    """Equal and of one hash however the sites are listed; the JSON is one text, and its reverse is the value."""
    sites = list(patch.sites)
    order.shuffle(sites)
    one, other = Intervention(patch=patch), Intervention(patch=Patch(patch.source, [*sites, *map(list, sites)], patch.target))
    assert one == other and hash(one) == hash(other)
    assert json.dumps(one.to_dict()) == json.dumps(other.to_dict())
    again = Intervention.from_dict(json.loads(json.dumps(one.to_dict())))
    assert again == one and hash(again) == hash(one)


def test_a_patch_without_sites_is_none():
    """It would change nothing."""
    assert Intervention(patch=Patch("The dog sat.")).changes_nothing
    assert Intervention(patch=Patch("The dog sat.", {SITE})).changed_fields == {"patch"}


WRONG = [
    ({"source": ""}, "needs a source"), ({"source": " \n"}, "needs a source"), ({"source": 3}, "source of a patch must be text"), ({"target": None}, "target"),
    ({"sites": None}, "sites of a patch"), ({"sites": "encoder"}, "sites"), ({"sites": SITE}, "sites of a patch"), ({"sites": [SITE[:4]]}, "stack, part, layer"),
    ({"sites": [("encoder", "residual", None, None, 1)]}, "layer"), ({"sites": [("encoder", "embedding", 0, None, 1)]}, "layer"),
    ({"sites": [("encoder", "residual", 0, 1, 1)]}, "only attention has heads"), ({"sites": [("encoder", "a b", 0, None, 1)]}, "part"),
    ({"sites": [(None, "residual", 0, None, 1)]}, "stack"), ({"sites": [("encoder", "encoder", -1, None, 1)]}, "layer"),
    ({"sites": [("encoder", "encoder", 0, True, 1)]}, "head"), ({"sites": [("encoder", "encoder", 0, 0, 1.5)]}, "position"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "words"), WRONG)
def test_bad_values_are_named(values, words):
    """ValueError in words, by either way in."""
    values = {"source": "A dog.", "sites": [SITE], **values}
    with pytest.raises(ValueError, match=words):
        Patch(**values)
    with pytest.raises(ValueError, match="patch"):
        Intervention.from_dict({"patch": values})


@pytest.mark.parametrize("value", [[SITE], "A dog.", {"sites": [SITE]}, {"source": "A dog.", "layer": 3}, {}, 1])
def test_what_is_no_patch_is_refused(value):
    """In words."""
    with pytest.raises(ValueError, match="patch"):
        Intervention(patch=value)


PLACES = [
    (("middle", "residual", 0, None, 0), "no stack 'middle'"), (("encoder", "cross", 0, None, 0), "no part 'cross'"),
    (("encoder", "residual", 2, None, 0), "no layer 2"), (("decoder", "cross", 3, None, 0), "no layer 3"), (("decoder", "cross", 0, 4, 0), "heads go from 0 to 3"),
    (("encoder", "feed_forward", 0, 0, 0), "only attention has heads"), (("encoder", "embedding", None, None, 5), "no token 5"),
    (("decoder", "decoder", 0, 0, 7), "no token 7"),
]  # fmt: skip


@pytest.mark.parametrize(("site", "words"), PLACES)
def test_sites_that_are_not_there_are_refused(site, words):
    """Stacks, parts, layers and heads of the model, tokens of the sentence."""
    with pytest.raises(ValueError, match=words):
        check_places(Intervention(patch=Patch("A dog.", {site})), ANATOMY, 5, 7)


@given(patch=patches(), source=st.integers(1, 14), target=st.integers(1, 14))
def test_within_leaves_what_fits(patch, source, target):
    """Sites of tokens that are there, and no others."""
    sizes = {"encoder": source, "decoder": target}
    left = within(Intervention(patch=patch), ANATOMY, source, target)
    fitting = {site for site in patch.sites if site[4] is None or site[4] < sizes[site[0]]}
    assert (left.patch.sites if left.patch else set()) == fitting
    check_places(left, ANATOMY, source, target)
