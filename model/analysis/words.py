"""Words instead of pieces: the same attention with the pieces of each word joined."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from model.trace.byte_pieces import character_name
from model.trace.pasted import UNKNOWN_CHARACTER, Span, visible
from model.trace.tokens import Tokens
from model.trace.trace import AttentionMap, AttentionMaps, Axis


def word_groups(tokens: Tokens) -> list[range]:
    """The pieces of each word, in order; a special token stands alone. Together they are all positions, once each."""
    return tokens.groups


def join_pieces(tokens: Tokens) -> Tokens:
    """One token a word: the text that its pieces cover as one reads it, behind a space mark where they start with one.

    A word keeps the id of its first piece, so that special tokens stay special. A byte that makes no character stays a byte.
    """
    ids, pieces, words = [], [], []
    spans: list[Span | None] = []
    for group in word_groups(tokens):
        first, last = group[0], group[-1]
        ids.append(tokens.ids[first])
        words.append(tokens.words[first])
        pieces.append(_joined(tokens, group))
        spans.append(_covered(tokens, first, last))
    return replace(tokens, ids=ids, pieces=pieces, words=words, spans=spans)


def _covered(tokens: Tokens, first: int, last: int) -> Span | None:
    """[start, end) in the text from one piece to another; None for special tokens."""
    start, end = tokens.spans[first], tokens.spans[last]
    return start and end and (start[0], end[1])


def _joined(tokens: Tokens, group: range) -> str:
    """What a word is called: what was typed, behind a space mark where its pieces start with one."""
    first, last = group[0], group[-1]
    glued, notation = tokens.glued[first], tokens.notation
    rest = [notation.surface(piece) if notation.glue else piece for piece in tokens.pieces[first + 1 : last + 1]]
    pieces = "".join([tokens.pieces[first], *rest])
    span = _covered(tokens, first, last)
    if span is None:
        return pieces
    covered = tokens.text[slice(*span)]
    text = visible(covered) or "".join(map(character_name, covered.strip()))
    if not text.strip(UNKNOWN_CHARACTER):  # nothing at all, or bytes that make no character
        return pieces
    return notation.written(text, glued)


def join_words(maps: AttentionMaps) -> AttentionMaps:
    """Attention between words: W[i, j] = mean over the pieces q of word i of the sum over the pieces k of word j of w[q, k].

    What a word gives to the pieces of another adds up; what its own pieces give is averaged, so every row still sums to 1
    where the rows of its pieces did (Clark et al. 2019, section 4.1). Decoder rows are joined by the word that they produce.
    A word may attend to another where any of their pieces may. Joining twice changes nothing.
    """
    attention = {}
    for kind, map_ in maps.attention.items():
        rows, columns = axis_groups(maps, kind)
        weights = _pool(_pool(map_.weights, columns, dim=-1), rows, dim=-2)
        sizes = torch.tensor([len(row) for row in rows], dtype=weights.dtype, device=weights.device)
        allowed = _pool(_pool(map_.mask.to(weights.dtype), columns, dim=-1), rows, dim=-2) > 0
        attention[kind] = AttentionMap(weights=weights / sizes[:, None], mask=allowed)
    axes = {stack: Axis(join_pieces(axis.read), axis.made and join_pieces(axis.made)) for stack, axis in maps.axes.items()}
    return AttentionMaps(axes, maps.intervention, maps.anatomy, attention)


def axis_groups(maps: AttentionMaps, kind: str) -> tuple[list[range], list[range]]:
    """The pieces of each word on the query axis (by the word that they produce, where they produce one) and on the key axis."""
    return word_groups(maps.rows(kind).labels), word_groups(maps.columns(kind))


def strongest_pieces(maps: AttentionMaps, kind: str, weights: Tensor, words: tuple[int, int]) -> tuple[int, int]:
    """The pair of pieces (query, key) with the largest weight inside a pair of words; weights (query, key) are of pieces."""
    rows, columns = (groups[word] for groups, word in zip(axis_groups(maps, kind), words, strict=True))
    inside = weights[rows.start : rows.stop, columns.start : columns.stop]
    query, key = divmod(int(inside.argmax()), len(columns))
    return rows[query], columns[key]


def _pool(values: Tensor, groups: list[range], dim: int) -> Tensor:
    """Sums over runs of positions along a dimension."""
    index = torch.tensor([at for at, group in enumerate(groups) for _ in group], device=values.device)
    shape = list(values.shape)
    shape[dim] = len(groups)
    return values.new_zeros(shape).index_add_(dim, index, values)
