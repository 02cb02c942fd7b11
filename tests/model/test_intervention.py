"""Intervention as a value."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from test_capture import interventions

from model.intervention import Intervention


@given(change=interventions)
def test_json_round_trip(change):
    """to_dict is JSON, from_dict its reverse; equal values hash alike."""
    again = Intervention.from_dict(json.loads(json.dumps(change.to_dict())))
    assert again == change and hash(again) == hash(change)


def test_the_defaults_change_nothing_and_cannot_be_changed():
    """Frozen."""
    assert Intervention().changes_nothing and not Intervention(causal=False).changes_nothing
    with pytest.raises(dataclasses.FrozenInstanceError):
        Intervention().causal = False


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"source_positions": "sideways"}, "source_positions"), ({"temperature": 0}, "temperature"), ({"temperature": float("nan")}, "temperature"),
        ({"position_scale": float("inf")}, "position_scale"), ({"window": -1}, "window"), ({"cut": [("encoder", 0, 1)]}, "cut"),
        ({"cut": [("encoder", 0, None, None)]}, "cut"), ({"heads_off": [("middle", 0, 1)]}, "heads_off"),
    ],
)  # fmt: skip
def test_bad_values_are_named(values, word):
    """ValueError with the field in words."""
    with pytest.raises(ValueError, match=word):
        Intervention(**values)


def test_unknown_fields_are_named():
    """As from an old link."""
    with pytest.raises(ValueError, match="colour"):
        Intervention.from_dict({"colour": 1})
