"""Everything on screen is in the URL: settings come back from their own link, and a broken link says what was dropped."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tiny import ATTENTION_KINDS

from model.trace.intervention import POSITION_EDITS
from model.transformer.config import Config
from viz.page.changes import changes, outside, reset
from viz.page.settings import COMPARE, FORCING, PAINT, Settings, from_query
from viz.views import VIEWS

CONFIG = Config()
places = st.one_of(st.none(), st.integers(0, CONFIG.max_length - 1))
links = st.tuples(st.sampled_from(ATTENTION_KINDS), st.one_of(st.none(), st.integers(0, 1)), places, places)
heads = st.tuples(st.sampled_from(ATTENTION_KINDS), st.integers(0, 1), st.integers(0, CONFIG.heads - 1))
changed = st.builds(
    Settings,
    text=st.text(max_size=20),
    causal=st.booleans(),
    source_positions=st.sampled_from(POSITION_EDITS),
    target_positions=st.sampled_from(POSITION_EDITS),
    position_scale=st.sampled_from([0.0, 0.25, 1.0, 4.0]),
    window=st.one_of(st.none(), st.integers(0, 40)),
    cut=st.frozensets(links.filter(lambda link: link[2:] != (None, None)), max_size=12),
    heads_off=st.frozensets(heads, max_size=12),
    temperature=st.sampled_from([0.1, 1.0, 5.0]),
    scaled=st.booleans(),
    compare=st.sampled_from(COMPARE),
    forcing=st.sampled_from(FORCING),
    paint=st.sampled_from(PAINT),
    row=st.one_of(st.none(), st.integers(0, 9)),
    forced=st.lists(st.tuples(st.integers(0, 20), st.integers(0, CONFIG.vocabulary_size - 1)), max_size=3).map(tuple),
    beam=st.integers(2, 8),
    order=st.integers(1, 9999),
)


@given(settings=changed)
def test_settings_come_back_from_their_link(settings):
    """Written to the address bar and read again, nothing changes and nothing is dropped."""
    assert from_query(settings.to_query(), CONFIG, list(VIEWS)) == (settings, [])


@pytest.mark.parametrize(
    "query",
    [
        {"cut": "cross.1.2"}, {"cut": "middle.1.2.3"}, {"cut": "cross.99.2.3"}, {"cut": "cross.*.*.*"}, {"cut": "encoder.1.0.3"}, {"heads_off": "cross.1.99"},
        {"heads_off": "cross.1.*"}, {"temperature": "0"}, {"temperature": "nan"}, {"position_scale": "inf"}, {"window": "-1"}, {"window": "x"}, {"forced": "1"},
        {"forced": "1.99999"}, {"beam": "1"}, {"compare": "later"}, {"colour": "red"}, {"output_temperature": "50"},
    ],
)  # fmt: skip
def test_what_a_link_has_wrong_is_named_and_dropped(query):
    """One notice that names the parameter; everything else is the default."""
    settings, notices = from_query(query, CONFIG, list(VIEWS))
    assert settings == Settings() and len(notices) == 1 and next(iter(query)) in notices[0]


@given(settings=changed)
def test_every_change_is_named_and_can_be_taken_back(settings):
    """There is a change in words exactly where the Intervention changes something; taking all back is the reset."""
    found = changes(settings)
    assert bool(found) == (not settings.intervention.changes_nothing)
    for change in found:
        assert change.words and change.without(settings) != settings
        settings = change.without(settings)
    assert settings.intervention.changes_nothing and reset(settings) == settings


@given(settings=changed, source=st.integers(1, 30), target=st.integers(1, 30))
def test_links_outside_the_sentence_are_dropped_and_named(settings, source, target):
    """What stays fits; what goes is said; nothing but links is touched."""
    kept, notices = outside(settings, source, target)
    assert kept.cut <= settings.cut and replace(kept, cut=settings.cut) == settings
    assert bool(notices) == (kept.cut != settings.cut)
    for kind, _, query, key in kept.cut:
        assert key is None or key < (target if kind == "decoder" else source)
        assert query is None or query < (source if kind == "encoder" else target)


def test_everything_of_an_intervention_is_a_setting():
    """By the same name, with the same default."""
    intervention = Settings().intervention
    assert intervention.changes_nothing
    assert {field.name for field in fields(intervention)} <= {field.name for field in fields(Settings)}
