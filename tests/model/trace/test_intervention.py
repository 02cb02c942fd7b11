"""Intervention as a value."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import interventions
from support.tensors import tensors
from support.tiny import tiny_model

from model.analysis.decoding import beam_tree, continue_greedily
from model.instrument.pretrained import Translator
from model.trace.intervention import LARGEST_SCALE, LARGEST_WINDOW, TEMPERATURES, Intervention
from model.trace.patch import Patch

NAN, INF = float("nan"), float("inf")


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


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Intervention)])
def test_what_is_changed_is_named(field):
    """The fields that are not at their default, and no others."""
    other = {
        "window": 2,
        "cut": {("cross", None, 0, 1)},
        "heads_off": {("cross", 0, 1)},
        "causal": False,
        "scaled": False,
        "patch": Patch("A dog.", {("encoder", "residual", 0, None, 1)}),
    }
    value = other.get(field, "none" if field.endswith("positions") else 2.0)
    assert Intervention(**{field: value}).changed_fields == {field} and not Intervention().changed_fields


WRONG = [
    ({"source_positions": "sideways"}, "source_positions"), ({"target_positions": ["none"]}, "target_positions"),
    ({"source_positions": None}, "source_positions"), ({"causal": "off"}, "causal"), ({"causal": 0}, "causal"), ({"scaled": None}, "scaled"),
    ({"temperature": 0}, "temperature"), ({"temperature": NAN}, "temperature"), ({"temperature": 1e-40}, "temperature"),
    ({"temperature": -1.0}, "temperature"), ({"temperature": "1"}, "temperature"), ({"temperature": True}, "temperature"),
    ({"temperature": 10**400}, "temperature"), ({"temperature": 1j}, "temperature"), ({"position_scale": INF}, "position_scale"),
    ({"position_scale": 1e38}, "position_scale"), ({"position_scale": NAN}, "position_scale"), ({"position_scale": [1]}, "position_scale"),
    ({"window": -1}, "window"), ({"window": NAN}, "window"), ({"window": 1.5}, "window"), ({"window": 1.0}, "window"),
    ({"window": 10**30}, "window"), ({"window": 10**5000}, "window"), ({"window": True}, "window"), ({"window": "3"}, "window"),
    ({"cut": [("encoder", 0, 1)]}, "cut"), ({"cut": [("encoder", 0, None, None)]}, "cut"), ({"cut": ("encoder", 0, 1, 2)}, "cut"),
    ({"cut": None}, "cut"), ({"cut": 3}, "cut"), ({"cut": "encoder"}, "cut"), ({"cut": [("encoder", 0, 1.5, 2)]}, "cut"),
    ({"cut": [("encoder", -1, 1, 2)]}, "cut"), ({"cut": [("encoder", 0, -1, 2)]}, "cut"), ({"cut": [("encoder", 0, True, 2)]}, "cut"),
    ({"cut": [("encoder", 0, "1", 2)]}, "cut"), ({"cut": [(["encoder"], 0, 1, 2)]}, "cut"), ({"cut": [("", 0, 1, 2)]}, "cut"),
    ({"heads_off": [("a b", 0, 1)]}, "heads_off"), ({"heads_off": [("cross", None, 1)]}, "heads_off"),
    ({"heads_off": [("cross", 0, NAN)]}, "heads_off"), ({"heads_off": {("cross", 0): 1}}, "heads_off"), ({"heads_off": [3]}, "heads_off"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "word"), WRONG)
def test_bad_values_are_named(values, word):
    """ValueError with the field in words, and short whatever the value."""
    with pytest.raises(ValueError, match=word) as refused:
        Intervention(**values)
    assert len(str(refused.value)) < 250
    with pytest.raises(ValueError, match=word):
        Intervention.from_dict(values)


ANYTHING = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from(["cross", "encoder", 10**40])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.tuples(inner, inner, inner), st.tuples(inner, inner, inner, inner)),
    max_leaves=6,
)


@given(name=st.sampled_from([field.name for field in dataclasses.fields(Intervention)]), value=ANYTHING)
def test_any_value_is_taken_or_refused_in_words(name, value):
    """Never another error; what is taken hashes and comes back from JSON."""
    try:
        change = Intervention(**{name: value})
    except ValueError as error:
        assert name in str(error)
        return
    assert Intervention.from_dict(json.loads(json.dumps(change.to_dict()))) == change and hash(change) == hash(change)


@pytest.mark.parametrize("values", [[1], None, "causal", 3])
def test_only_a_dict_is_read(values):
    """Said in words."""
    with pytest.raises(ValueError, match="dict"):
        Intervention.from_dict(values)


PLACES = [
    ({"cut": [("cross", 0, 0, 99)]}, "99"), ({"cut": [("cross", 0, 99, 0)]}, "99"), ({"cut": [("encoder", None, 99, None)]}, "99"),
    ({"cut": [("decoder", None, None, 10**30)]}, "key"), ({"cut": [("encoder", 2, 0, 0)]}, "layer 2"), ({"cut": [("cross", 3, 0, 0)]}, "layer 3"),
    ({"heads_off": [("middle", 0, 1)]}, "heads_off must be one of"), ({"cut": [("middle", 0, 1, 2)]}, "cut must be one of"),
    ({"heads_off": [("cross", 3, 0)]}, "layer 3"), ({"heads_off": [("encoder", 0, 4)]}, "head 4"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "words"), PLACES)
def test_places_that_are_not_there_are_refused(tiny_translator, values, words):
    """Layers and heads of the model, tokens of the sentences; by every way into the model."""
    change, text = Intervention.from_dict(values), "Two dogs"
    with pytest.raises(ValueError, match=words):
        tiny_translator.trace(text, "Deux chiens", change)
    with pytest.raises(ValueError, match=words):
        tiny_translator.trace(text, intervention=change)
    with pytest.raises(ValueError, match=words):
        tiny_translator.translate(text, change)
    if "99" not in words:
        ids = tiny_translator.source(text).ids
        for way in (
            lambda: beam_tree(tiny_translator.model, ids, 2, change),
            lambda: continue_greedily(tiny_translator.model, ids, (), change),
        ):
            with pytest.raises(ValueError, match=words):
                way()


def test_every_token_of_the_sentence_may_be_cut(tiny_translator):
    """Up to the last one, on both sides; also one that only the translation of the unchanged model has."""
    text, target = "Two dogs", "Deux chiens"
    source, length = len(tiny_translator.source(text)), len(tiny_translator.target(target))
    last = Intervention(
        cut={("cross", None, length - 1, source - 1), ("encoder", 0, source - 1, 0), ("decoder", 0, length - 1, 0)}
    )
    assert not tiny_translator.trace(text, target, last).attention["cross"].mask[:, 0, -1, -1].any()
    own = tiny_translator.trace(text)
    last = Intervention(cut={("cross", None, len(own.target) - 1, None)})
    assert tiny_translator.trace(text, intervention=last).intervention == last


@pytest.mark.parametrize("change", [
    Intervention(temperature=TEMPERATURES[0]), Intervention(temperature=TEMPERATURES[1]), Intervention(position_scale=LARGEST_SCALE),
    Intervention(position_scale=-LARGEST_SCALE, temperature=TEMPERATURES[0], scaled=False), Intervention(window=LARGEST_WINDOW),
])  # fmt: skip
@pytest.mark.parametrize("norm_first", [True, False])
def test_the_limits_still_have_a_meaning(tokenizer, change, norm_first):
    """Every number of a pass at the ends of what is allowed is finite."""
    translator = Translator(tiny_model(tokenizer, norm_first=norm_first), tokenizer)
    assert all(bool(tensor.isfinite().all()) for tensor in tensors(translator.trace("Two dogs", "Deux chiens", change)))


def test_unknown_fields_are_named():
    """As from an old link."""
    with pytest.raises(ValueError, match="colour"):
        Intervention.from_dict({"colour": 1})
