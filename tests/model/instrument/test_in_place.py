"""The pass that writes in place against the hooks: the same Trace of every unchanged model, and only of an unchanged one."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from support.strategies import sentences
from support.tensors import close, tensors
from support.tiny import tiny_model

from model.instrument import in_place
from model.instrument.pretrained import Translator
from model.trace.intervention import Intervention
from model.trace.tokens import Tokens
from model.transformer.positions import KINDS

NOTHING_LEFT_OUT = Intervention(window=10_000)  # an edit, so the hooks are asked, that changes no number


@given(text=sentences, target=sentences)
def test_written_in_place_equals_what_the_hooks_keep(tiny_translator, text, target):
    """Every tensor, each in contiguous memory of its own."""
    ours, kept = (tiny_translator.trace(text, target, change) for change in (Intervention(), NOTHING_LEFT_OUT))
    for first, second in zip(tensors(ours), tensors(kept), strict=True):
        close(first, second, 1e-5)
    storages = [tensor.untyped_storage().data_ptr() for tensor in tensors(ours)]
    assert len(set(storages)) == len(storages) and all(tensor.is_contiguous() for tensor in tensors(ours))


@pytest.mark.parametrize("positions", sorted(KINDS))
@pytest.mark.parametrize("norm_first", [True, False])
def test_every_architecture_of_ours_is_written_in_place(tokenizer, positions, norm_first):
    """Where norms stand and which positions there are; numbers of double length, so that what is equal is equal to more than rounding."""
    translator = Translator(tiny_model(tokenizer, positions=positions, norm_first=norm_first).double(), tokenizer)
    ours, kept = (translator.trace("The cat sat", "Un chat", change) for change in (Intervention(), NOTHING_LEFT_OUT))
    assert len(ours.residual["decoder"].labels) == len(kept.residual["decoder"].labels)
    for first, second in zip(tensors(ours), tensors(kept), strict=True):
        assert first.dtype == second.dtype
        close(first, second, 1e-6)  # the table of sines is of single length


@pytest.mark.parametrize("masked", [True, False])
def test_it_is_asked_where_nothing_is_changed(monkeypatch, tokenizer, masked):
    """Not under a change, nor for padding, which no query may see, nor for a model without its mask, which counts as changed."""
    asked = []
    whole = in_place.trace_in_place
    monkeypatch.setattr("model.instrument.sites.trace_in_place", lambda *given: (asked.append(given), whole(*given))[1])
    translator = Translator(tiny_model(tokenizer, masked=masked), tokenizer)
    translator.trace("The cat", "Un chat")
    assert bool(asked) == masked
    asked.clear()
    translator.trace("The cat", "Un chat", Intervention(temperature=2.0))
    labels = translator.target("Un chat")
    padded = Tokens(**{**vars(labels), "ids": [translator.model.config.pad_id, *labels.ids[1:]]})
    assert torch.isfinite(translator.trace("The cat", padded).logits).all()
    assert not asked
