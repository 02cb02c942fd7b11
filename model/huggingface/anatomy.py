"""What there is to look at in a model of transformers: a probe finds it, and what it found is proved before anything is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from model.huggingface.attention import NAME
from model.huggingface.xlnet import wrap
from model.instrument.assembly import assemble
from model.instrument.checkpoint import CheckpointError
from model.instrument.description import describe, find_all
from model.instrument.ending import Ending, find_ending
from model.instrument.module_pass import Pass, Places
from model.instrument.probe import watching
from model.instrument.proof import prove_patches
from model.instrument.recorder import Recorder, recording
from model.instrument.taps import install
from model.trace.anatomy import QUERY_STREAM, Anatomy
from model.trace.intervention import Intervention
from model.transformer.config import CROSS

LONGEST = 512  # tokens that a pass may have
ALIKE = 1e-4  # how far the weights of a pass may be from those that the model itself returns
HIDDEN = "What it does behind its last layer could not be taken apart."
WHICH = "Models that can be read are built like BERT, GPT-2, Llama, Marian, BART or T5."


class Inside(NamedTuple):
    """What there is to look at in a model."""

    anatomy: Anatomy
    places: Places  # which of the modules attends where
    ending: Ending | None  # what it does behind its last layer


def look_into(model: Any, given: dict[str, Any], others: dict[str, Any]) -> Inside:
    """What there is to look at; hooks are installed.

    given and others: two inputs of the same lengths without a token in common; what two stacks read is of different lengths.
    Raises CheckpointError, in words, where attention cannot be seen, or is not what the model itself says.
    """
    try:
        wrap(model)
        with torch.no_grad():
            model.set_attn_implementation("eager")
            own = model(**given, output_attentions=True, output_hidden_states=True)
        model.set_attn_implementation(NAME)
        with watching(model) as second:
            model(**others)
        with watching(model) as first:
            model(**given)
        width = (own.get("hidden_states") or own["encoder_hidden_states"])[-1].size(-1)
        found = find_all(first, second, [given[name][0] for name in ("input_ids", "decoder_input_ids") if name in given], width)
        vocabulary, logits = model.get_input_embeddings().num_embeddings, own.get("logits", torch.zeros(1))
        writes = logits.dim() == 3 and logits.size(2) in (vocabulary, getattr(model.config, "decoder_vocab_size", None))
        # No table ends rotary positions: what they were trained for does.
        rotary = any(begin.rotations for begin in found.beginnings.values())
        longest = min(LONGEST, getattr(model.config, "max_position_embeddings", LONGEST)) if rotary else LONGEST
        anatomy = describe(found, width, vocabulary, writes, longest)
        taps = found.streams[anatomy.predicting.name].taps if anatomy.predicting else []
        ending = find_ending(first.events, taps[-1][1], logits[0]) if taps else None
        install(found, first.calls, anatomy)
        with torch.no_grad(), recording(Pass(found.places, anatomy, Intervention())) as recorder:
            model(**given)
        _prove(recorder, own)
        anatomy = prove_patches(model, given, others, found, assemble(recorder, {}, None, None))
    except (KeyError, ValueError, RuntimeError, AttributeError, IndexError) as error:
        raise CheckpointError(f"{type(model).__name__} cannot be looked into: {error}. {WHICH}") from error
    missing = {} if ending else {"unembed": HIDDEN}
    return Inside(replace(anatomy, missing={**missing, **anatomy.missing}), found.places, ending)


def inputs(ids: Tensor, targets: Tensor | None = None) -> dict[str, Any]:
    """What a model of transformers is called with."""
    more = {} if targets is None else {"decoder_input_ids": targets}
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "use_cache": False, **more}


def _prove(recorder: Recorder, own: Any) -> None:
    """Raise ValueError unless every layer's weights are those that the model itself returns."""
    for kind in recorder.anatomy.kinds:
        name = "cross_attentions" if kind.name == CROSS else f"{kind.name}_attentions"
        theirs, ours = own.get(name, own.get("attentions")), recorder.captured["weights", kind.name]
        if theirs and isinstance(theirs[0], tuple):  # of two streams
            theirs = [both[kind.name == QUERY_STREAM] for both in theirs]
        if theirs is None or len(theirs) != len(ours):
            raise ValueError(f"it has {len(theirs or ())} layers of {kind.name} attention, of which {len(ours)} can be seen")
        if max(float((one[0] - other).abs().max()) for one, other in zip(theirs, ours, strict=True)) > ALIKE:
            raise ValueError(f"the weights of its {kind.name} attention are not what queries and keys alone make of them")
