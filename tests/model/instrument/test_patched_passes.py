"""Patched passes: what is taken over is what the donor computed, and everything behind it follows."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.relatives import masking_tokenizer, relative
from support.strategies import costly, sites
from support.tiny import SENTENCES, tiny_model

from model.instrument.donors import values_at
from model.instrument.pretrained import LanguageReader, Translator
from model.trace.intervention import Intervention
from model.trace.patch import EMBEDDING, RESIDUAL, Patch
from model.trace.places import within

TEXT, OTHER, TARGET = "Two dogs are playing in the snow.", "Two cats are playing in the snow.", SENTENCES[3]


def patched(translator, *places, text=TEXT, source=OTHER, target=TARGET, **more):
    """The pass over a text with values from another."""
    change = Intervention(patch=Patch(source, frozenset(places), target), **more)
    return translator.trace(text, TARGET, change)


@pytest.fixture(scope="module")
def exact(tokenizer) -> Translator:
    """With numbers of double length: what is equal is equal to more than rounding."""
    return Translator(tiny_model(tokenizer).double(), tokenizer)


@costly
@given(places=st.frozensets(sites, min_size=1, max_size=4))
def test_its_own_values_change_nothing(exact, places):
    """Whatever the sites and the positions: the donor is the sentence itself."""
    intact = exact.trace(TEXT, TARGET)
    change = within(Intervention(patch=Patch(TEXT, places, TARGET)), exact.anatomy, len(intact.source), len(intact.target))
    torch.testing.assert_close(exact.trace(TEXT, TARGET, change).logits, intact.logits, atol=1e-6, rtol=1e-6)


@costly
@given(site=sites, offset=st.integers(0, 3))
def test_a_site_holds_what_the_donor_has_and_nothing_before_it_moves(tiny_translator, site, offset):
    """At its position alone, or at all; what was written before it is A's own."""
    size = {"encoder": tiny_translator.source(TEXT), "decoder": tiny_translator.target(TARGET)}[site[0]]
    site = (*site[:4], None if site[4] is None else (site[4] + offset) % len(size))
    intact, donor = tiny_translator.trace(TEXT, TARGET), tiny_translator.trace(OTHER, TARGET)
    trace, at = patched(tiny_translator, site), slice(None) if site[4] is None else site[4]
    assert torch.equal(values_at(trace, site)[at], values_at(donor, site)[at])
    if site[4] is not None:
        rest = [row for row in range(len(size)) if row != site[4]]
        torch.testing.assert_close(values_at(trace, site)[rest], values_at(intact, site)[rest])
    before = (site[2] or 0) * len(tiny_translator.anatomy.stack(site[0]).sublayers)
    torch.testing.assert_close(trace.residual[site[0]].states[1 : before + 1], intact.residual[site[0]].states[1 : before + 1])


@pytest.mark.parametrize("norm_first", [True, False], ids=["pre-norm", "post-norm"])
@pytest.mark.parametrize("layer", [None, 0, 1])
def test_a_whole_layer_of_the_encoder_is_the_other_sentence(tokenizer, norm_first, layer):
    """With the stream behind a layer taken over at every position, all that follows is the donor's pass."""
    translator = Translator(tiny_model(tokenizer, norm_first=norm_first), tokenizer, "tiny")
    site = ("encoder", EMBEDDING, None, None, None) if layer is None else ("encoder", RESIDUAL, layer, None, None)
    trace, donor = patched(translator, site), translator.trace(OTHER, TARGET)
    point = 0 if layer is None else 2 * (layer + 1)
    torch.testing.assert_close(trace.residual["encoder"].states[point:], donor.residual["encoder"].states[point:])
    torch.testing.assert_close(trace.logits, donor.logits)
    every = [("encoder", *site[1:4], at) for at in range(len(trace.source))]
    torch.testing.assert_close(patched(translator, *every).logits, trace.logits)


def test_what_all_heads_give_is_what_the_sublayer_writes(tiny_translator):
    """Every head before W_O, or the sublayer behind it: one change; a head that is off stays off."""
    heads = [("decoder", "cross", 1, head, None) for head in range(4)]
    whole = patched(tiny_translator, ("decoder", "cross", 1, None, None))
    torch.testing.assert_close(patched(tiny_translator, *heads).logits, whole.logits)
    off = frozenset({("cross", 1, 2)})
    one, other = (
        patched(tiny_translator, heads[2], heads_off=off),
        tiny_translator.trace(TEXT, TARGET, Intervention(heads_off=off)),
    )
    torch.testing.assert_close(one.logits, other.logits)


def test_what_does_not_fit_is_said(tiny_translator):
    """A donor of another length, a token that it lacks, a donor that cannot be read."""
    long = "Two cats and a dog are playing in the snow, and a cat is watching them."
    with pytest.raises(ValueError, match="every token of the encoder, but this sentence has"):
        patched(tiny_translator, ("encoder", RESIDUAL, 0, None, None), source=long)
    with pytest.raises(ValueError, match="its donor has no token"):
        patched(tiny_translator, ("encoder", RESIDUAL, 0, None, 9), text=long, source="A cat.")
    with pytest.raises(ValueError, match="there is no token 99"):
        patched(tiny_translator, ("encoder", RESIDUAL, 0, None, 99))
    with pytest.raises(ValueError, match="takes its values from cannot be read. This sentence has"):
        patched(tiny_translator, ("encoder", RESIDUAL, 0, None, 0), source="dogs " * 600)
    assert patched(tiny_translator, ("encoder", RESIDUAL, 0, None, 2), source=long).logits.isfinite().all()


@costly
@given(places=st.frozensets(sites, min_size=1, max_size=3))
def test_it_translates_as_its_pass_says(translator, places):
    """Step by step with a cache, every piece is the likeliest of the pass over the whole; the donor may be longer or shorter."""
    change = Intervention(patch=Patch("Two men are playing in the house.", places))
    anatomy, source = translator.anatomy, translator.source(TEXT)
    change = within(change, anatomy, len(source), 8)
    labels = translator.translate_tokens(source, change)
    trace = translator.trace(TEXT, labels, within(change, anatomy, len(source), len(labels)))
    assert trace.logits.argmax(-1).tolist() == labels.ids


@pytest.mark.parametrize("kind", ["mask", "write"])
def test_a_stack_alone_is_patched_likewise(kind):
    """Its stream behind a layer taken over as a whole is the other text's pass; and it goes on writing."""
    tokenizer = masking_tokenizer()
    reader = LanguageReader(relative(kind, tokenizer.vocabulary_size), tokenizer, kind)
    (stack,) = reader.anatomy.stack_names
    change = Intervention(patch=Patch(OTHER, {(stack, RESIDUAL, 0, None, None)}))
    donor, trace = reader.trace(OTHER), reader.trace(TEXT, intervention=change)
    torch.testing.assert_close(trace.logits, donor.logits)
    assert reader.generate(TEXT, change)
