"""XLNet keeps its attention to itself (Yang et al. 2019): its core is replaced on each of its modules, for the life of the model.

One with an output over its vocabulary has two streams. The content stream reads tokens; the query stream begins with one vector for all,
asks the content stream in every layer, and guesses the token of its row, which it never sees. Tokens are guessed in an order: see `ranks`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from model.instrument.module_pass import Pass
from model.instrument.probe import QueryStream
from model.instrument.recorder import active_recorder, reordered
from model.trace.intervention import Intervention


def wrap(model: nn.Module) -> None:
    """Let a Recorder see the attention of an XLNet, of both of its streams; leaves any other model as it is."""
    guesses = hasattr(model, "lm_loss")
    for module in model.modules():
        if hasattr(module, "rel_attn_core"):
            vars(module)["rel_attn_core"] = partial(_core, module, module.rel_attn_core, QueryStream() if guesses else None)
        if guesses and hasattr(module, "mask_emb"):
            module.register_forward_pre_hook(_in_order, with_kwargs=True)


def ranks(ids: Tensor, everywhere: Tensor, hidden: int | None) -> Tensor:
    """When each token of ids (batch, position) is guessed: from left to right, hidden ones in the end; 0: it is seen by all and not guessed.

    everywhere: ids of special tokens, which are seen by all, as in training. Where a text has none, its first token is, for who is guessed
    first must see something. A row sees the tokens of smaller rank, and in the content stream itself; those of rank 0 see each other.
    """
    length = ids.size(1)
    late = ids == hidden if hidden is not None else torch.zeros_like(ids)
    rank = torch.arange(1, length + 1, device=ids.device) + length * late
    rank[torch.isin(ids, everywhere)] = 0
    rank[(rank > 0).all(1), 0] = 0
    return rank


def _in_order(module: Any, arguments: tuple[Any, ...], given: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What the two streams need: who sees whom, and that every row is guessed."""
    ids = arguments[0] if arguments else given["input_ids"]
    special, dtype = torch.tensor(getattr(module.config, "seen_by_all", ()), device=ids.device), module.mask_emb.dtype
    rank = ranks(ids, special.to(ids.dtype), getattr(module.config, "mask_token_id", None))
    unseen = (rank[:, None, :] >= rank[:, :, None]) & (rank[:, None, :] > 0)  # (batch, row, token)
    everyone = torch.eye(ids.size(1), dtype=dtype, device=ids.device).expand(len(ids), -1, -1)
    wanted = {name: value for name, value in given.items() if value is not None}  # the class around it hands on None
    return arguments, {"perm_mask": unseen.to(dtype), "target_mapping": everyone} | wanted


def _core(
    module: Any, own: Any, second: QueryStream | None, query: Tensor, key: Tensor, value: Tensor, distances: Tensor, seg_mat: Tensor | None = None,
    attn_mask: Tensor | None = None, output_attentions: bool = False,
) -> Any:  # fmt: skip
    """Scores are those of the contents (q + u) k, of the distance (q + v) r and of the segment (q + w) s, all over sqrt(d_head).

    second: under which name every other call goes, which is that of the query stream. query, key, value (position, batch, head, d_head);
    distances: r, from the farthest to the left; mask: 1 = may not attend.
    """
    recorder = active_recorder()
    if not isinstance(recorder, Pass):
        return own(query, key, value, distances, seg_mat, attn_mask, output_attentions)
    q, k, v, r = (x.permute(1, 2, 0, 3) for x in (query, key, value, distances))
    rows, columns, stack = q.size(2), k.size(2), recorder.anatomy.stacks[0]

    def affects(change: Intervention) -> bool:
        return change.positions_on(stack) != "trained" or change.position_scale != 1.0

    row, column = torch.arange(rows, device=q.device)[:, None], torch.arange(columns, device=q.device)
    distance = columns - row + column  # its place in r, of each pair
    distance = recorder.edit(distance[None], affects, lambda change, x: reordered(change.positions_on(stack), x, -2, -1))
    sizes = recorder.edit(q.new_ones(1, 1, 1, 1), affects, lambda change, x: x * change.position_scale * (change.positions_on(stack) != "none"))  # fmt: skip
    by_distance = (q + module.r_r_bias[:, None]) @ r.transpose(2, 3)  # (batch, head, query, distance)
    bias = by_distance.gather(3, distance[:, None].expand(*by_distance.shape[:2], -1, -1)) * sizes
    if seg_mat is not None:
        by_segment = torch.einsum("bnid,snd->bnis", q + module.r_s_bias[:, None], module.seg_embed)
        bias = bias + torch.einsum("ijbs,bnis->bnij", seg_mat, by_segment)
    mask = None if attn_mask is None else attn_mask.permute(2, 3, 0, 1) < 0.5
    qkv = q + module.r_w_bias[:, None], k, v
    place = second if second is not None and recorder.call(module, "core") % 2 else module
    heads = recorder.attend(place, qkv, mask, module.scale, bias * module.scale, relative=False)
    return (heads.transpose(0, 1), None) if output_attentions else heads.transpose(0, 1)
