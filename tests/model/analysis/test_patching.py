"""Activation patching: a batch of sites says what one pass after another says, and the share is of the way between two sentences."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.relatives import masking_tokenizer, relative
from support.strategies import costly, sites

from model.analysis.patching import as_map, disagreements, every_head_everywhere, every_position, patch_each
from model.instrument.pretrained import LanguageReader
from model.trace.intervention import Intervention
from model.trace.patch import RESIDUAL, Patch

TEXT, OTHER = "The old man is tired.", "The old woman is tired."


@pytest.fixture(scope="module")
def passes(translator):
    """(A, B, the first row in which they differ): both read A's translation."""
    target = translator.translate(TEXT)
    trace, donor = (translator.trace(text, target) for text in (TEXT, OTHER))
    return trace, donor, min(disagreements(trace, donor))


def one_by_one(reader, trace, places, pieces, row, target="") -> torch.Tensor:
    """log p of the pieces, one full pass after another."""
    changes = [replace(trace.intervention, patch=Patch(OTHER, {site}, target)) for site in places]
    logits = [reader.capture(trace.source, trace.labels, change).logits[row] for change in changes]
    return torch.stack(logits).log_softmax(-1)[:, list(pieces)]


@pytest.mark.parametrize(("stack", "part"), [("encoder", RESIDUAL), ("decoder", "feed_forward")])
def test_the_map_equals_one_by_one(translator, passes, stack, part):
    """Every layer and position of the real model."""
    trace, donor, row = passes
    places = every_position(translator.anatomy, stack, part, len(trace.tokens(stack)))
    found = patch_each(trace, donor, translator.passes, list(places.values()), row)
    expected = one_by_one(translator, trace, places.values(), found.pieces, row, trace.translation)
    torch.testing.assert_close(found.patched, expected, atol=1e-5, rtol=1e-5)
    assert as_map(places, found.shares).shape == (
        trace.anatomy.stack(stack).layers + (part == RESIDUAL),
        len(trace.tokens(stack)),
    )


def test_every_head_equals_one_by_one(translator, passes):
    """At all tokens at once, under another change as well."""
    trace, donor, _ = passes
    base = translator.trace(TEXT, trace.labels, Intervention(window=2, heads_off=frozenset({("encoder", 1, 2)})))
    places, row = every_head_everywhere(translator.anatomy, "cross"), min(disagreements(base, donor))
    found = patch_each(base, donor, translator.passes, list(places.values()), row)
    some = slice(None, None, 5)
    expected = one_by_one(translator, base, [*places.values()][some], found.pieces, row, trace.translation)
    torch.testing.assert_close(found.patched[some], expected, atol=1e-5, rtol=1e-5)


@costly
@given(places=st.lists(sites, min_size=1, max_size=12))
def test_any_sites_in_any_order(translator, passes, places):
    """A batch that joins at several layers; the same site twice is the same twice."""
    trace, donor, row = passes
    found = patch_each(trace, donor, translator.passes, places, row)
    expected = one_by_one(translator, trace, places, found.pieces, row, trace.translation)
    torch.testing.assert_close(found.patched, expected, atol=1e-5, rtol=1e-5)


def test_the_share_goes_from_one_sentence_to_the_other(translator, passes):
    """The formula written out; the whole embedding is all of the way, and a site where both agree is none of it."""
    trace, donor, row = passes
    everything, nothing = ("encoder", "embedding", None, None, None), ("decoder", "embedding", None, None, 0)
    found = patch_each(trace, donor, translator.passes, [everything, nothing], row)
    torch.testing.assert_close(found.shares, torch.tensor([1.0, 0.0], device=found.shares.device), atol=1e-4, rtol=1e-4)
    first, second = found.pieces
    assert first == int(trace.logits[row].argmax()) and second == int(donor.logits[row].argmax()) and first != second
    some = patch_each(trace, donor, translator.passes, [("encoder", RESIDUAL, 2, None, 2)], row)
    logits = translator.trace(
        TEXT, trace.labels, Intervention(patch=Patch(OTHER, {("encoder", RESIDUAL, 2, None, 2)}, trace.translation))
    ).logits
    before, after, now = (float(x[row, first] - x[row, second]) for x in (trace.logits, donor.logits, logits))
    assert math.isclose(float(some.shares[0]), (now - before) / (after - before), abs_tol=1e-4)


@pytest.mark.parametrize("kind", ["mask", "write"])
def test_a_stack_alone_has_such_maps(kind):
    """A model that fills in, one that writes on: what the row itself carries at the end is the whole prediction."""
    tokenizer = masking_tokenizer()
    reader = LanguageReader(relative(kind, tokenizer.vocabulary_size), tokenizer, kind)
    (stack,) = reader.anatomy.stack_names
    trace, donor = reader.trace("Two dogs"), reader.trace("dogs Two")
    row = min(disagreements(trace, donor))
    places = every_position(reader.anatomy, stack, RESIDUAL, len(trace.source))
    found = patch_each(trace, donor, reader.passes, list(places.values()), row)
    assert float(as_map(places, found.shares)[-1, row]) == pytest.approx(1.0, abs=1e-4)


def test_what_cannot_be_asked_is_said(translator, passes):
    """Another target, a row where both agree, a pass that is patched, a part that there is not."""
    trace, donor, row = passes
    with pytest.raises(ValueError, match="same target"):
        disagreements(trace, translator.trace(OTHER, "Un chat."))
    same = next(at for at in range(len(trace.labels)) if at not in disagreements(trace, donor))
    with pytest.raises(ValueError, match=f"same piece in row {same}"):
        patch_each(trace, donor, translator.passes, [], same)
    patched = translator.trace(TEXT, trace.labels, Intervention(patch=Patch(OTHER, {("encoder", RESIDUAL, 0, None, 0)})))
    with pytest.raises(ValueError, match="patched already"):
        patch_each(patched, donor, translator.passes, [], row)
    with pytest.raises(ValueError, match="no part 'cross'"):
        every_position(translator.anatomy, "encoder", "cross", 3)
