"""Where a target word comes from: five answers from one Trace and the model that made it. None of them is the truth.

Every method gives one number for each source word and one target word. A source word's pieces are added up; `</s>` is a word of
its own. The rows of a target word are the decoder rows that produce its pieces: row t produces labels[t].

All of them follow the trace's own Intervention. Masks, windows, cut links, positions, scale and temperature are in the weights that
the first three read, and in the passes that the last two run. A head that is off hands nothing on, so for the first three its weights
are 0, whatever it looks at; where nothing of the source is handed on, all five are 0.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from model.analysis.attention import handed_on, per_head
from model.analysis.steps import attention_sublayer
from model.analysis.words import word_groups
from model.instrument.capture import Recorder, recording
from model.instrument.tokenizer import PAD, Tokens
from model.trace.trace import Trace
from model.transformer.transformer import Transformer

CHUNK_TOKENS = 6000  # padded tokens of one batch of occluded sentences


def raw_attention(trace: Trace, rows: range) -> Tensor:
    """Cross-attention: mean over layers, heads and rows of the weights, (source word,).

    They sum to 1; less where heads are off or rows attend to nothing, which count as 0.
    """
    weights = handed_on(trace, trace.anatomy.bridge().name)[:, :, rows.start : rows.stop]
    return _by_word(weights.mean(dim=(0, 1, 2)), trace.source)


def value_weighted_attention(trace: Trace, model: Transformer, rows: range) -> Tensor:
    """What cross-attention really hands over: |sum_h alpha_h[t, j] v_h[j] W_O^h|, per layer as a share, then the mean, (source word,).

    Weights alone say nothing of the length of what they weigh (Kobayashi et al. 2020, section 3). They sum to 1; less where a
    layer hands nothing over to a row, which counts as 0.
    """
    kind, shares = trace.anatomy.bridge().name, []
    values, handed = per_head(trace, kind, "values"), handed_on(trace, kind)
    for layer in range(handed.size(0)):
        module, _ = attention_sublayer(model, kind, layer)
        slices = module.output.weight.detach().T.unflatten(0, (module.heads, module.d_head)).to(values)
        moved = values[layer] @ slices  # (head, key, d_model)
        weights = handed[layer, :, rows.start : rows.stop]  # (head, row, key)
        lengths = torch.einsum("hrk,hkd->rkd", weights, moved).norm(dim=-1)  # (row, key)
        shares.append(lengths / lengths.sum(dim=-1, keepdim=True).clamp_min(1e-12))
    return _by_word(torch.stack(shares).mean(dim=(0, 1)), trace.source)


def rollout(trace: Trace) -> tuple[Tensor, Tensor]:
    """Attention followed through all layers: how much of each decoder row comes from (source token, target token).

    Every sublayer passes on half of what it reads and half of what its heads, on average, look at: A' = (A + I) / 2
    (Abnar and Zuidema 2020, section 3). Encoder: R = A'_N ... A'_1. Decoder, layer after layer, with C (row, source) and
    D (row, target): self-attention (C, D) <- A' (C, D); cross-attention C <- C / 2 + A R / 2, D <- D / 2.
    Returns C and D at the end; a row of both together sums to 1. What a row does not look at, or what heads that are off look at,
    it keeps: its own part grows by as much.
    """
    mean = {kind: handed_on(trace, kind).mean(dim=1) for kind in trace.attention}  # (layer, query, key)
    bridge, own = trace.anatomy.bridge(), trace.anatomy.self_kind
    reads, asks = own(bridge.answers), own(bridge.asks)
    if reads is None or asks is None:
        raise ValueError("Attention can only be followed through layers where both sequences attend to themselves.")
    source, target = len(trace.tokens(bridge.answers)), len(trace.tokens(bridge.asks))
    through = _eye(source, mean[reads.name])
    for weights in mean[reads.name]:
        through = _passed_on(weights) @ through
    from_source, from_target = mean[bridge.name].new_zeros(target, source), _eye(target, mean[asks.name])
    for self_weights, cross_weights in zip(mean[asks.name], mean[bridge.name], strict=True):
        passed = _passed_on(self_weights)
        from_source, from_target = passed @ from_source, passed @ from_target
        looks = cross_weights.sum(dim=-1, keepdim=True) / 2  # one half; 0 where every link is cut or every head off
        from_source = (1 - looks) * from_source + cross_weights @ through / 2
        from_target = (1 - looks) * from_target
    return from_source, from_target


def rolled_attention(trace: Trace, rows: range) -> Tensor:
    """The source part of `rollout`, mean over the rows, (source word,); what is missing to 1 comes from the target so far."""
    return _by_word(rollout(trace)[0][rows.start : rows.stop].mean(dim=0), trace.source)


def gradient_times_input(trace: Trace, model: Transformer, rows: range) -> Tensor:
    """d log p(target word) / d x . x for the token part x of every source embedding, (source word,), nats; signed.

    To first order, what the log-probability would lose if the embedding shrank to nothing (Denil et al. 2014; Shrikumar et al.
    2017). One pass and one backward pass, under the trace's own intervention.
    """
    source, target = (torch.tensor([tokens.ids], device=model.device) for tokens in (trace.source, trace.target))
    with torch.enable_grad(), recording(_Embeddings(trace.anatomy, trace.intervention)) as recorder:
        memory, mask = model.encode(source)
        states = model.decode(target, memory, mask)[0, rows.start : rows.stop]
        said = _log_probabilities(model, states, trace.labels, rows).sum()
        (gradient,) = torch.autograd.grad(said, recorder.embedded)
    return _by_word((gradient * recorder.embedded).sum(dim=-1)[0].detach(), trace.source)


def occlusion(trace: Trace, model: Transformer) -> Tensor:
    """log p(label) with the whole source minus log p(label) without one word: (source word, target row), nats; signed.

    A word is taken away by masking it: nobody may attend to its pieces (Zeiler and Fergus 2014; for translation Ding et al.
    2017 and He et al. 2019 compare such measures). All words go through in a few batches, under the trace's own intervention.
    """
    words = word_groups(trace.source)
    source = torch.tensor([trace.source.ids] * (len(words) + 1), device=model.device)
    for at, group in enumerate(words):
        source[at, group.start : group.stop] = PAD
    rows, found = range(len(trace.target)), []
    target = torch.tensor([trace.target.ids], device=model.device)
    with torch.no_grad(), recording(Recorder(trace.anatomy, trace.intervention, captures=False)):
        for part in source.split(max(1, CHUNK_TOKENS // (len(trace.source) + len(trace.target)))):
            memory, mask = model.encode(part)
            states = model.decode(target.expand(len(part), -1), memory, mask)
            found += [_log_probabilities(model, one, trace.labels, rows) for one in states]
    whole = found.pop()
    return whole - torch.stack(found)


def rank_agreement(scores: Tensor) -> Tensor:
    """Spearman's rank correlation of every two methods: scores (method, word) -> (method, method), -1 to 1; ties share ranks.

    Not a number where a method ranks nothing: fewer than two words, or all of them equal.
    """
    order = scores[:, :, None] - scores[:, None, :]  # (method, word, other word)
    ranks = (order > 0).sum(-1) + ((order == 0).sum(-1) - 1) / 2
    centred = (ranks - ranks.mean(dim=1, keepdim=True)).to(torch.float32)
    length = centred.norm(dim=1)
    return (centred @ centred.T / (length[:, None] * length[None, :])).clamp(-1.0, 1.0)


class _Embeddings(Recorder):
    """Keeps the token part of the source embeddings with its place in the graph, and nothing else."""

    embedded: Tensor

    def keep(self, what: str, where: str, tensor: Tensor) -> None:
        if (what, where) == ("embeddings", self.anatomy.stacks[0].name):
            self.embedded = tensor


def _log_probabilities(model: Transformer, states: Tensor, labels: Tokens, rows: range) -> Tensor:
    """log p of the labels of some rows: states (row, d_model) -> (row,)."""
    wanted = torch.tensor(labels.ids[rows.start : rows.stop], device=states.device)
    return -F.cross_entropy(model.logits(states), wanted, reduction="none")


def _by_word(scores: Tensor, tokens: Tokens) -> Tensor:
    """Sums over the pieces of each word: (token,) -> (word,)."""
    return torch.stack([scores[group.start : group.stop].sum() for group in word_groups(tokens)])


def _eye(size: int, like: Tensor) -> Tensor:
    return torch.eye(size, dtype=like.dtype, device=like.device)


def _passed_on(weights: Tensor) -> Tensor:
    """(A + I) / 2; what a row does not take from others it keeps: (query, key), rows sum to 1."""
    missing = 1 - weights.sum(dim=-1)
    return (weights + _eye(len(weights), weights) + torch.diag(missing)) / 2
