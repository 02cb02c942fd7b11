"""Attention of models that transformers runs: one function and one mask registered with it, through which a Recorder sees all of it.

Without a `Pass` both are what transformers calls "sdpa".
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from model.instrument.module_pass import Pass
from model.instrument.recorder import active_recorder

UNSEEN = {"softcap": "a cap on its scores", "s_aux": "sinks beside its keys", "mask": "a mask of numbers"}
NAME = "headlight"  # of the two, where transformers keeps such functions


def attention(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **more: Any
) -> tuple[Tensor, Tensor | None]:
    """What a model of transformers calls: shapes as in `Pass.attend`."""
    recorder = active_recorder()
    if not isinstance(recorder, Pass):
        return sdpa_attention_forward(module, query, key, value, attention_mask, **more)
    more |= {"mask": attention_mask if attention_mask is not None and attention_mask.dtype != torch.bool else None}
    for name in (name for name in UNSEEN if more.get(name) is not None):
        raise ValueError(f"its attention has {UNSEEN[name]}")
    scaling, bias = more.get("scaling") or query.size(-1) ** -0.5, more.get("position_bias")
    return recorder.attend(module, (query, key, value), attention_mask, scaling, bias), None


def masks(*shape: Any, **more: Any) -> Tensor | None:
    """The mask that goes with it: written out, True = may attend, wherever something records."""
    if active_recorder() is not None:
        more |= {"allow_is_causal_skip": False, "allow_is_bidirectional_skip": False}
    return sdpa_mask(*shape, **more)


AttentionInterface.register(NAME, attention)
AttentionMaskInterface.register(NAME, masks)
