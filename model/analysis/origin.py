"""Where a target word comes from: answers from one Trace and the model that made it. None of them is the truth.

Four are here; the fifth, occlusion, is the part of `knockout` that takes words away.

In a model of one stack the source is its own text, and its self-attention stands where cross-attention does in a translator: what a row
that predicts takes from each word that it may read.

Every method gives one number for each source word and one target word. A source word's pieces are added up; `</s>` is a word of
its own. The rows of a target word are the decoder rows that produce its pieces: row t produces labels[t].

All of them follow the trace's own Intervention. Masks, windows, cut links, positions, scale and temperature are in the weights that
the first three read, and in the passes that the last two run. A head that is off hands nothing on, so for the first three its weights
are 0, whatever it looks at; where nothing of the source is handed on, all five are 0.
"""

from __future__ import annotations

import torch
from torch import Tensor

from model.analysis.attention import handed_on, per_head
from model.analysis.passes import Passes
from model.analysis.weights import Weights
from model.analysis.words import word_groups
from model.trace.anatomy import Anatomy, Kind
from model.trace.tokens import Tokens
from model.trace.trace import Trace


def looks(anatomy: Anatomy) -> Kind:
    """The attention by which rows that predict look at the source: from one stack to the other, or the self-attention of the only one.

    Of two streams over one text, that of the one which predicts. Raises ValueError where there is none.
    """
    alone = anatomy.self_kind(anatomy.default_stack) if len(anatomy.stacks) == 1 else None
    return anatomy.query_stream or alone or anatomy.bridge()


def raw_attention(trace: Trace, rows: range) -> Tensor:
    """Cross-attention: mean over layers, heads and rows of the weights (layer, head, row, source token), (source word,).

    rows: the decoder rows that produce the word. The shares sum to 1; less where heads are off or rows attend to nothing, which count as 0.
    """
    weights = handed_on(trace, looks(trace.anatomy).name)[:, :, rows.start : rows.stop]
    return _by_word(weights.mean(dim=(0, 1, 2)), trace.source)


def value_weighted_attention(trace: Trace, weights: Weights, rows: range) -> Tensor:
    """What cross-attention really hands over: |sum_h alpha_h[t, j] v_h[j] W_O^h|, per layer as a share, then the mean, (source word,).

    Weights alone say nothing of the length of what they weigh (Kobayashi et al. 2020, section 3). They sum to 1; less where a
    layer hands nothing over to a row, which counts as 0.
    """
    kind, shares = looks(trace.anatomy).name, []
    values, handed = per_head(trace, kind, "values"), handed_on(trace, kind)
    for layer in range(handed.size(0)):
        moved = values[layer] @ weights.output(kind, layer).to(values)  # (head, key, d_model)
        weighed = handed[layer, :, rows.start : rows.stop]  # (head, row, key)
        lengths = torch.einsum("hrk,hkd->rkd", weighed, moved).norm(dim=-1)  # (row, key)
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
    """The source part of `rollout`, (row, source token), mean over the rows that produce the word: (source word,).

    What is missing to 1 comes from the target so far. In a model of one stack R = A'_N ... A'_1 alone, whose rows sum to 1. A query stream
    G begins without any token and asks what the content stream is at its layer: G <- G / 2 + A R / 2; what is missing to 1 is its beginning.
    """
    if trace.anatomy.across is None:
        asks = looks(trace.anatomy)
        own = trace.anatomy.self_kind(trace.anatomy.default_stack) or asks
        mean = handed_on(trace, own.name).mean(dim=1)
        passed = [_eye(mean.size(1), mean)]  # R before each layer, and behind the last
        for weights in mean:
            passed.append(_passed_on(weights) @ passed[-1])
        through = passed[-1]
        if asks != own:
            through = torch.zeros_like(through)
            for weights, content in zip(handed_on(trace, asks.name).mean(dim=1), passed[:-1], strict=True):
                through = through / 2 + weights @ content / 2
        return _by_word(through[rows.start : rows.stop].mean(dim=0), trace.source)
    return _by_word(rollout(trace)[0][rows.start : rows.stop].mean(dim=0), trace.source)


def gradient_times_input(trace: Trace, passes: Passes, rows: range) -> Tensor:
    """d log p(target word) / d x . x for the token part x of every source embedding, (source word,), nats; signed.

    rows: the decoder rows that produce the word; their log-probabilities are added up. To first order, what the
    log-probability would lose if the embedding shrank to nothing (Denil et al. 2014; Shrikumar et al. 2017). Under the trace's
    own intervention.
    """
    embedded, gradient = passes.source_gradient(trace, rows)  # (source token, d_model) each
    return _by_word((gradient * embedded).sum(dim=-1), trace.source)


def rank_agreement(scores: Tensor) -> Tensor:
    """Spearman's rank correlation of every two methods: scores (method, word) -> (method, method), -1 to 1; ties share ranks.

    Not a number where a method ranks nothing: fewer than two words, or all of them equal.
    """
    order = scores[:, :, None] - scores[:, None, :]  # (method, word, other word)
    ranks = (order > 0).sum(-1) + ((order == 0).sum(-1) - 1) / 2
    centred = (ranks - ranks.mean(dim=1, keepdim=True)).to(torch.float32)
    length = centred.norm(dim=1)
    return (centred @ centred.T / (length[:, None] * length[None, :])).clamp(-1.0, 1.0)


def _by_word(scores: Tensor, tokens: Tokens) -> Tensor:
    """Sums over the pieces of each word: (token,) -> (word,)."""
    return torch.stack([scores[group.start : group.stop].sum() for group in word_groups(tokens)])


def _eye(size: int, like: Tensor) -> Tensor:
    return torch.eye(size, dtype=like.dtype, device=like.device)


def _passed_on(weights: Tensor) -> Tensor:
    """(A + I) / 2; what a row does not take from others it keeps: (query, key), rows sum to 1."""
    missing = 1 - weights.sum(dim=-1)
    return (weights + _eye(len(weights), weights) + torch.diag(missing)) / 2
