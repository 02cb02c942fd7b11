"""Everything on screen is in the address: a State comes back from its own link, and a broken link says what was dropped."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.handmade import READER, RECURRENT, WRITER
from support.strategies import changes_of, patches
from support.tiny import ATTENTION_KINDS

from model.trace.intervention import Intervention
from model.trace.patch import Patch
from model.transformer.config import Config
from viz.page import params
from viz.page.changes import changes, outside
from viz.page.link import Link
from viz.page.many_heads import PAGES, SORTS
from viz.page.parts.head_axes import AXES
from viz.page.shared import COMPARE, FORCING, LABELS, PRESENT, SINKS
from viz.page.state import OURS, State
from viz.views import VIEWS
from viz.views.origin import SLUGS
from viz.views.patch import PARTS as PATCH_PARTS

CONFIG = Config()
LINK = Link({slug: view.params for slug, view in VIEWS.items()})
START = LINK.start
LIMITS = params.Limits(CONFIG.anatomy(), CONFIG.d_ff, LINK.views)
places = st.one_of(st.none(), st.integers(0, CONFIG.max_length - 1))
links = st.tuples(st.sampled_from(ATTENTION_KINDS), st.one_of(st.none(), st.integers(0, 1)), places, places)
heads = st.tuples(st.sampled_from(ATTENTION_KINDS), st.integers(0, 1), st.integers(0, CONFIG.heads - 1))
interventions = changes_of(
    position_scale=st.sampled_from([0.0, 0.25, 1.0, 4.0]),
    window=st.one_of(st.none(), st.integers(0, 40)),
    cut=st.frozensets(links.filter(lambda link: link[2:] != (None, None)), max_size=12),
    heads_off=st.frozensets(heads, max_size=12),
    temperature=st.sampled_from([0.1, 1.0, 5.0]),
    patch=st.one_of(st.none(), patches()),
)
texts, switches = st.text(max_size=20), st.booleans()
pieces = st.integers(0, CONFIG.vocabulary_size - 1)
words = st.one_of(st.none(), st.tuples(st.sampled_from(["encoder", "decoder"]), st.integers(0, CONFIG.max_length - 1)))
VALUES = {  # name -> values, for every parameter but those of the change
    "text": texts, "model": texts, "target": texts, "second": texts,
    "lab": switches, "words": switches, "held_out": switches, "lengths": switches,
    "compare": st.sampled_from(COMPARE), "forcing": st.sampled_from(FORCING), "view": st.sampled_from(list(VIEWS)),
    "kind": st.sampled_from(ATTENTION_KINDS), "side": st.sampled_from(["encoder", "decoder"]), "label": st.sampled_from(LABELS),
    "sinks": st.sampled_from(SINKS), "present": st.sampled_from(PRESENT), "paint": st.sampled_from(["off", "layer", "all"]), "space": st.sampled_from(["2d", "3d"]),
    "layer_part": st.sampled_from(["growth", "norm", "units"]), "output_part": st.sampled_from(["pieces", "loss", "lens", "change"]),
    "position_part": st.sampled_from(["encoding", "laboratory", "learned"]), "knockout_part": st.sampled_from(["heads", "layers", "words"]),
    "decoding_part": st.sampled_from(["steps", "beam"]), "patch_part": st.sampled_from(list(PATCH_PARTS)), "origin_method": st.sampled_from(list(SLUGS)),
    "layer": st.one_of(st.none(), st.integers(0, min(CONFIG.encoder_layers, CONFIG.decoder_layers) - 1)),
    "head": st.one_of(st.none(), st.integers(0, CONFIG.heads - 1)),
    "heads": st.one_of(st.none(), st.lists(st.integers(0, CONFIG.heads - 1), min_size=1, unique=True).map(tuple)),
    "query": places, "key": places, "token": places, "row": places, "knockout_word": places, "asker": words, "answerer": words,
    "scatter_x": st.sampled_from(AXES), "scatter_y": st.sampled_from(AXES),
    "grid_sort": st.sampled_from(SORTS), "grid_page": st.integers(1, PAGES),
    "moment": st.one_of(st.none(), st.integers(0, 98)), "step": st.integers(0, 98), "site": st.integers(0, 98),
    "lesson": st.one_of(st.none(), st.integers(1, 99)), "part": st.integers(0, 98), "room": st.sampled_from(["", "KBDFGH"]),
    "unit": st.one_of(st.none(), st.integers(0, CONFIG.d_ff - 1)), "piece": st.one_of(st.none(), pieces),
    "output_temperature": st.sampled_from([0.1, 0.7, 1.0, 5.0]), "beam": st.integers(2, 8), "order": st.integers(1, 9999),
    "forced": st.lists(st.tuples(st.integers(0, 20), pieces), max_size=3, unique=True).map(tuple),
}  # fmt: skip


def read(**query: str) -> State:
    """The State of a link that has nothing wrong."""
    state, notices = LINK.read(query, LIMITS)
    assert not notices
    return state


@given(change=interventions, values=st.fixed_dictionaries(VALUES))
def test_a_state_comes_back_from_its_link(change, values):
    """Written to the address bar and read again, nothing changes and nothing is dropped, whichever parameter it is."""
    state = START.having(change=change, **values)
    assert LINK.read(LINK.write(state), LIMITS) == (state, [])


def test_every_parameter_is_tried_and_says_what_it_is():
    """The list above has all of them; each has a phrase of help and its default is what a first visit shows."""
    assert set(LINK.params) == set(VALUES) | set(vars(Intervention()))
    for name, param in LINK.params.items():
        assert param.help and param.help == param.help.strip() and START.value(name) == param.default
    assert LINK.write(START) == {"view": START.view} and START.change.changes_nothing


@pytest.mark.parametrize(
    "query, values",
    [
        ("view=one-head&kind=encoder&layer=2&head=3&paint=layer", {"view": "one-head", "kind": "encoder", "layer": 1, "head": 2, "paint": "layer"}),
        ("view=lines&heads=1,3,1", {"view": "lines", "heads": (0, 2)}),
        ("view=roles&label=distance&held_out=off", {"view": "roles", "label": "distance", "held_out": False}),
        ("view=embeddings&side=decoder&space=3d&lengths=on&token=2&piece=813",
         {"view": "embeddings", "side": "decoder", "space": "3d", "lengths": True, "token": 1, "piece": 812}),
        ("view=positions&position_part=laboratory&order=2", {"view": "positions", "position_part": "laboratory", "order": 2}),
        ("view=steps&query=4&key=2&step=7", {"view": "steps", "query": 3, "key": 1, "step": 6}),
        ("view=layers&layer_part=units&site=3&unit=12", {"view": "layers", "layer_part": "units", "site": 2, "unit": 11}),
        ("view=output&output_part=lens&output_temperature=2.5&row=2", {"view": "output", "output_part": "lens", "output_temperature": 2.5, "row": 1}),
        ("view=decoding&decoding_part=beam&beam=3&forced=3.812,5.90", {"view": "decoding", "decoding_part": "beam", "beam": 3, "forced": ((2, 811), (4, 89))}),
        ("view=knockout&knockout_part=words&knockout_word=2", {"view": "knockout", "knockout_part": "words", "knockout_word": 1}),
        ("view=pair&second=The dog sat.", {"view": "pair", "second": "The dog sat."}),
        ("view=patch&patch_part=self_heads&side=decoder&second=The dog sat.", {"view": "patch", "patch_part": "self_heads", "side": "decoder", "second": "The dog sat."}),
        ("patch=encoder.residual.3.*.2,decoder.cross.1.4.*,encoder.embedding.*.*.1:50%25 a%3A b:Un chat.",
         {"patch": Patch("50% a: b", {("encoder", "residual", 2, None, 1), ("decoder", "cross", 0, 3, None), ("encoder", "embedding", None, None, 0)}, "Un chat.")}),
        ("causal=off&source_positions=none&position_scale=2&window=3&temperature=0.3&scaled=off",
         {"causal": False, "source_positions": "none", "position_scale": 2.0, "window": 3, "temperature": 0.3, "scaled": False}),
        ("cut=cross.1.2.*,encoder.*.1.3&heads_off=cross.2.7",
         {"cut": frozenset({("cross", 0, 1, None), ("encoder", None, 0, 2)}), "heads_off": frozenset({("cross", 1, 6)})}),
        ("text=Hello&target=Bonjour&model=learned&moment=2&compare=difference&forcing=forced&lab=on&words=on&sinks=hide",
         {"text": "Hello", "target": "Bonjour", "model": "learned", "moment": 1, "compare": "difference", "forcing": "forced", "lab": True, "words": True,
          "sinks": "hide"}),
    ],
)  # fmt: skip
def test_old_links_open_the_same_picture(query, values):
    """Names and spellings that links in the world have."""
    parameters = dict(part.split("=", 1) for part in query.split("&"))
    state = read(**parameters)
    assert {name: state.value(name) for name in values} == values
    assert state == START.having(**values)


@pytest.mark.parametrize(
    "query",
    [
        {"cut": "cross.1.2"}, {"cut": "middle.1.2.3"}, {"cut": "cross.99.2.3"}, {"cut": "cross.*.*.*"}, {"cut": "encoder.1.0.3"}, {"heads_off": "cross.1.99"},
        {"heads_off": "cross.1.*"}, {"temperature": "0"}, {"temperature": "nan"}, {"position_scale": "inf"}, {"window": "-1"}, {"window": "x"}, {"forced": "1"},
        {"forced": "1.99999"}, {"beam": "1"}, {"compare": "later"}, {"colour": "red"}, {"output_temperature": "50"}, {"token": ""}, {"head": "1,2"},
        {"of_views": "1"}, {"change": "x"}, {"asks_target": "on"}, {"room": "AEIOUY"}, {"room": "KBDFG"},
        {"patch": "encoder.residual.3.*.2"}, {"patch": "encoder.residual.3.*.2:"}, {"patch": "encoder.cross.3.*.2:A dog."}, {"patch": "encoder.residual.9.*.2:A dog."},
        {"patch": "middle.residual.3.*.2:A dog."}, {"patch": "encoder.residual.*.*.2:A dog."}, {"patch": "decoder.cross.1.9.*:A dog."}, {"patch": ":A dog."},
        {"patch": "encoder.residual.3.*.2:A dog.:b:c"}, {"patch": ",".join(["encoder.residual.3.*.2"] * 501) + ":A dog."},
    ],
)  # fmt: skip
def test_what_a_link_has_wrong_is_named_and_dropped(query):
    """One notice that names the parameter; everything else is the default."""
    state, notices = LINK.read(query, LIMITS)
    assert state == START and len(notices) == 1 and next(iter(query)) in notices[0]


def test_a_setting_is_written_by_its_name_and_no_other():
    """Fields of the change go into the change; a name that nobody declares is an error of ours, not a new setting."""
    state = START.having(causal=False, beam=3, words=True)
    assert state.change == Intervention(causal=False) and state.beam == 3 and state.words
    assert state.having(change=Intervention(), temperature=2.0).change == Intervention(temperature=2.0)
    for wrong in ("colour", "of_views"):
        with pytest.raises(AttributeError, match=wrong):
            START.having(**{wrong: 1})


def test_two_settings_cannot_share_a_name():
    """Neither with the page nor with another view; one and the same may be declared by several views."""
    one, other = params.switch("wide", False, "how wide"), params.count("wide", 1, 9, 1, "how wide")
    assert "wide" in Link({"first": (one,), "second": (one,)}).params
    for name in ("text", "causal", "change", "having", "of_views"):
        with pytest.raises(ValueError, match=name):
            Link({"first": (replace(one, name=name),)})
    with pytest.raises(ValueError, match="wide"):
        Link({"first": (one,), "second": (other,)})


@given(change=interventions)
def test_every_change_is_named_and_can_be_taken_back(change):
    """There is a change in words exactly where the Intervention changes something; taking all back is the model as trained."""
    found = changes(change)
    assert bool(found) == (not change.changes_nothing)
    for one in found:
        assert one.words and one.without(change) != change
        change = one.without(change)
    assert change.changes_nothing


@given(change=interventions, source=st.integers(1, 30), target=st.integers(1, 30))
def test_links_outside_the_sentence_are_dropped_and_named(change, source, target):
    """What stays fits; what goes is said; nothing but links and patches is touched."""
    kept, notices = outside(change, OURS, {"encoder": source, "decoder": target})
    assert kept.cut <= change.cut and replace(kept, cut=change.cut, patch=change.patch) == change
    assert bool(notices) == (kept != change)
    for stack, *_, position in kept.patch.sites if kept.patch else ():
        assert position is None or position < (source if stack == "encoder" else target)
    for kind, _, query, key in kept.cut:
        assert key is None or key < (target if kind == "decoder" else source)
        assert query is None or query < (source if kind == "encoder" else target)


@pytest.mark.parametrize("anatomy", [READER, WRITER, RECURRENT], ids=["reader", "writer", "recurrent"])
def test_what_opens_first_is_a_matter_of_the_model(anatomy):
    """An empty address opens what the model has, and that needs no word but the view's in the address."""
    state, notices = LINK.read({}, params.Limits(anatomy, 8, LINK.views))
    assert (state.kind, state.side) == (anatomy.default_kind, anatomy.default_stack) and not notices
    assert LINK.write(state, anatomy) == {"view": state.view}
    asked, _ = LINK.read({"kind": anatomy.kinds[-1].name}, params.Limits(anatomy, 8, LINK.views))
    assert asked.kind == anatomy.kinds[-1].name
