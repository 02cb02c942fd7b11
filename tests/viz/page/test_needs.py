"""Views say what they need; a model that cannot feed one lets it rest, with a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.handmade import HIDDEN, READER, RECURRENT, WRITER, trace_of

from model.trace.anatomy import EDITS, FEED_FORWARD, OF_ATTENTION, OF_MODEL, OF_TOKENIZER, PARTS, Anatomy, Kind, Stack
from model.trace.intervention import Intervention
from model.transformer.config import Config
from viz.page import needs
from viz.page.scene import View
from viz.views import VIEWS

KNOWN = {*PARTS, *OF_TOKENIZER, *OF_MODEL, *EDITS, needs.ACROSS, needs.GENERATES}
NO_CROSS = {"decoding", "recurrent"}  # views that show how one sequence looks at another


def stack(name: str, predicts: str, *sublayers: str) -> Stack:
    return Stack(name, name.capitalize(), "English", 2, (*sublayers, FEED_FORWARD), predicts)


def kind(name: str, asks: str, answers: str, **more) -> Kind:
    shape = {"layers": 2, "heads": 4, "key_heads": 4, "d_head": 8, "masked": False, "scores": "scaled dot"}
    return Kind(name, f"{name} attention", asks, answers, **{**shape, **more})


BERT = Anatomy((stack("encoder", "same", "encoder"),), (kind("encoder", "encoder", "encoder"),), 32, 100, "learned", "post")
GPT = Anatomy(
    (stack("decoder", "next", "decoder"),), (kind("decoder", "decoder", "decoder", masked=True),), 32, 100, "learned", "pre"
)
GRU = Anatomy(
    (stack("encoder", "nothing"), stack("decoder", "next", "cross")),
    (kind("cross", "decoder", "encoder", layers=1, heads=1, key_heads=1, scores="additive"),),
    32, 100, "none", "pre", obeys=frozenset({"cut", "temperature"}),
    missing={
        "queries:cross": "Additive attention adds both vectors up and compares no query with a key.", "keys": "Likewise.", "values": "Likewise.",
        "feed_forward": "A recurrent layer has gates, no feed-forward network.", "residual": "There is one state a token.",
        "positions": "It reads one token after the other, so it needs none.",
    },
)  # fmt: skip


def test_the_shipped_model_feeds_every_view():
    """With every kind of positions, with and without the look-ahead mask: nothing rests."""
    for config in (
        Config(),
        Config(positions="learned"),
        Config(positions="none"),
        Config(masked=False),
        Config(norm_first=False),
    ):
        views, reasons = needs.offered(VIEWS, config.anatomy(), has_rival=True)
        assert views == VIEWS and list(views) == list(VIEWS) and not reasons and not needs.resting(VIEWS, reasons)


def test_an_encoder_alone_has_no_other_sequence_and_writes_nothing():
    """Everything about attention, layers and predictions stays; what looks across rests, and so does playing a translation."""
    views, reasons = needs.offered(VIEWS, BERT)
    assert set(reasons) == NO_CROSS and set(views) | set(reasons) == set(VIEWS)
    assert "no cross-attention" in reasons["decoding"] and "does not write text" in reasons["decoding"]


def test_a_decoder_alone_writes_and_looks_at_itself():
    """Only what looks across rests."""
    _, reasons = needs.offered(VIEWS, GPT)
    assert set(reasons) == NO_CROSS and not needs.lacks(GPT, "generates")
    assert all("no cross-attention" in why for why in reasons.values())


def test_a_recurrent_model_keeps_what_its_attention_can_show():
    """One map, words that it writes and what they cost; no queries, no layers of a residual stream, no heads to switch off."""
    views, reasons = needs.offered(VIEWS, GRU, has_rival=True)
    assert {"all-heads", "one-head", "lines", "decoding", "pair", "tokens", "recurrent"} <= set(views)
    assert {"qkv", "steps", "joined", "layers", "positions", "knockout"} <= set(reasons)
    assert "compares no query with a key" in reasons["qkv"] and "one state a token" in reasons["layers"]
    assert reasons["knockout"] == "This model cannot switch heads off."


@pytest.mark.parametrize("anatomy", [READER, WRITER, RECURRENT], ids=["reader", "writer", "recurrent"])
def test_weights_alone_feed_what_shows_weights(anatomy):
    """Of a model that tells no more, the views of attention and of tokens stay."""
    bare = trace_of(anatomy, whole=False).anatomy
    views, reasons = needs.offered(VIEWS, bare, has_rival=True)
    pair = {"recurrent"} if anatomy is RECURRENT else set()
    assert set(views) == {"all-heads", "one-head", "lines", "roles", "pair", "tokens"} | pair
    assert all(HIDDEN in why or "no cross-attention" in why for why in reasons.values())


def test_every_reason_is_a_sentence_and_every_need_is_known():
    """Whatever a model lacks, the line says it in words; a need that nobody knows would never be met."""
    for view in VIEWS.values():
        assert view.needs <= KNOWN | {needs.RIVAL}, view.slug
    for anatomy in (
        BERT,
        GPT,
        GRU,
        replace(BERT, kinds=(), stacks=(replace(BERT.stacks[0], predicts="nothing", sublayers=(FEED_FORWARD,)),)),
    ):
        for need in (*KNOWN, "kind:cross", "kind:decoder"):
            why = needs.lacks(anatomy, need)
            assert not why or (why[0].isupper() and why.endswith(".")), (need, why)


def test_what_a_model_cannot_follow_is_left_out_with_a_sentence():
    """And only that."""
    asked = Intervention(
        window=2, temperature=2.0, heads_off=frozenset({("cross", 0, 0)}), cut=frozenset({("cross", None, 0, 1)})
    )
    change, notices = needs.followed(asked, GRU)
    assert change == Intervention(temperature=2.0, cut=asked.cut)
    assert notices == [
        "This model cannot switch heads off. This change was left out.", "This model cannot narrow its attention. This change was left out.",
    ]  # fmt: skip
    assert needs.followed(asked, GPT) == (asked, []) and needs.followed(Intervention(), GRU) == (Intervention(), [])


def test_views_that_rest_for_one_reason_share_a_line():
    """In the order of the page, titles first."""
    views = {name: View(name, name.title(), "", lambda scene: None, needs=frozenset(wanted)) for name, wanted in
             {"a": {"kind:cross"}, "b": {"kind:cross"}, "c": {"generates"}, "d": {"weights"}}.items()}  # fmt: skip
    offered, reasons = needs.offered(views, BERT)
    assert list(offered) == ["d"]
    assert needs.resting(views, reasons) == (
        "A and B rest: This model has no cross-attention. · C rests: This model fills in words; it does not write text from left to right."
    )


@pytest.mark.parametrize("part", sorted(PARTS))
def test_a_part_that_is_missing_of_one_kind_alone_is_there(part):
    """A view rests only where no kind and no stack has what it needs."""
    translator = Config().anatomy()
    places = translator.kind_names if part in OF_ATTENTION else translator.stack_names
    some = replace(translator, missing={f"{part}:{place}": "Not here." for place in places[:-1]})
    every = replace(translator, missing={f"{part}:{place}": "Not here." for place in places})
    assert (
        not needs.lacks(some, part)
        and needs.lacks(every, part)
        and needs.lacks(replace(translator, missing={part: "Nowhere."}), part)
    )


def test_merges_are_a_need_of_the_tokenizer():
    """A tokenizer without them says so, with its reason; every other has them."""
    without = replace(BERT, missing={"merges": "WordPiece takes the longest piece that fits."})
    assert not needs.lacks(BERT, needs.MERGES)
    assert needs.lacks(without, needs.MERGES) == (
        "This model shows no merges of byte pairs behind its pieces. WordPiece takes the longest piece that fits."
    )
