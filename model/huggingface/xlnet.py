"""XLNet keeps its attention to itself (Yang et al. 2019): its core is replaced on each of its modules, for the life of the model."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from model.instrument.module_pass import Pass
from model.instrument.recorder import active_recorder, reordered
from model.trace.intervention import Intervention


def wrap(model: nn.Module) -> None:
    """Let a Recorder see the attention of an XLNet, of either of its streams; leaves any other model as it is."""
    for module in model.modules():
        if hasattr(module, "rel_attn_core"):
            vars(module)["rel_attn_core"] = partial(_core, module, module.rel_attn_core)


def _core(
    module: Any, own: Any, query: Tensor, key: Tensor, value: Tensor, distances: Tensor, seg_mat: Tensor | None = None, attn_mask: Tensor | None = None,
    output_attentions: bool = False,
) -> Any:  # fmt: skip
    """Scores are those of the contents (q + u) k, of the distance (q + v) r and of the segment (q + w) s, all over sqrt(d_head).

    query, key, value (position, batch, head, d_head); distances: r, from the farthest to the left; mask: 1 = may not attend.
    """
    recorder = active_recorder()
    if not isinstance(recorder, Pass):
        return own(query, key, value, distances, seg_mat, attn_mask, output_attentions)
    q, k, v, r = (x.permute(1, 2, 0, 3) for x in (query, key, value, distances))
    rows, columns, stack = q.size(2), k.size(2), recorder.anatomy.stacks[0]

    def affects(change: Intervention) -> bool:
        return change.positions_on(stack) != "trained" or change.position_scale != 1.0

    place = (
        columns - torch.arange(rows, device=q.device)[:, None] + torch.arange(columns, device=q.device)
    )  # of each distance in r
    place = recorder.edit(place[None], affects, lambda change, x: reordered(change.positions_on(stack), x, -2, -1))
    sizes = recorder.edit(q.new_ones(1, 1, 1, 1), affects, lambda change, x: x * change.position_scale * (change.positions_on(stack) != "none"))  # fmt: skip
    by_distance = (q + module.r_r_bias[:, None]) @ r.transpose(2, 3)  # (batch, head, query, distance)
    bias = by_distance.gather(3, place[:, None].expand(*by_distance.shape[:2], -1, -1)) * sizes
    if seg_mat is not None:
        by_segment = torch.einsum("bnid,snd->bnis", q + module.r_s_bias[:, None], module.seg_embed)
        bias = bias + torch.einsum("ijbs,bnis->bnij", seg_mat, by_segment)
    mask = None if attn_mask is None else attn_mask.permute(2, 3, 0, 1) < 0.5
    qkv = q + module.r_w_bias[:, None], k, v
    heads = recorder.attend(module, qkv, mask, module.scale, bias * module.scale, relative=False)
    return (heads.transpose(0, 1), None) if output_attentions else heads.transpose(0, 1)
