"""Which keys a role is about: one definition for a single Trace and for many texts that were read in one padded batch."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model.trace.tokens import Tokens

OWN = ("first", "end", "punctuation")  # queries that are such a token themselves are left out: theirs is the role "self"
LINK = "link"  # no role, but what a head without one may do: a piece of a word to a piece of a word, not itself


@dataclass(frozen=True, eq=False)
class Marks:
    """What roles go by, token by token of several texts: (text, position) each; what pads a text is special and in no word."""

    words: Tensor  # int: the word of each token, from 0; -1 for a special token
    special: Tensor  # bool, like the rest
    ending: Tensor
    punctuation: Tensor
    content: Tensor
    lengths: Tensor  # int (text,): tokens, without what pads them


def marks_of(texts: Sequence[Tokens], device: torch.device | None = None) -> Marks:
    """The marks of some texts, padded at the end to the longest."""
    longest = max(map(len, texts))

    def padded(rows: Sequence[Sequence[int] | Sequence[bool]], behind: int | bool) -> Tensor:
        return torch.tensor([[*row, *[behind] * (longest - len(row))] for row in rows], device=device)

    marks = [punctuation(tokens) for tokens in texts]
    contents = [_content(tokens, mark) for tokens, mark in zip(texts, marks, strict=True)]
    return Marks(
        words=padded([tokens.words for tokens in texts], -1),
        special=padded([tokens.special for tokens in texts], True),
        ending=padded([tokens.ending for tokens in texts], False),
        punctuation=padded(marks, False),
        content=padded(contents, False),
        lengths=torch.tensor([len(tokens) for tokens in texts], device=device),
    )


def pattern(role: str, is_self: bool, queries: Marks, keys: Marks, labels: Marks) -> Tensor:
    """bool (text, query, key): the keys that a query gives its attention to if it does what the role, or LINK, says.

    queries: the tokens that ask, as they are read; labels: what rows go by (`Axis.labels`); keys: those that answer. What may not
    be attended to, and what only pads a text, is for the caller to leave out.
    """
    device = keys.words.device
    q, k = torch.arange(queries.words.size(1), device=device)[:, None], torch.arange(keys.words.size(1), device=device)[None, :]
    shape = (len(keys.words), queries.words.size(1), keys.words.size(1))
    if role == "word":
        return (queries.words[:, :, None] == keys.words[:, None, :]) & ~keys.special[:, None, :] & (q != k)
    if role in ("alignment", LINK):
        rows = queries if is_self else labels
        by_content = rows.content[:, :, None] & keys.content[:, None, :]
        return by_content & (q != k) if is_self else by_content
    if role == "diagonal":
        return (k - q * keys.lengths[:, None, None] / queries.lengths[:, None, None]).abs() <= 1
    flags = {"end": keys.ending, "punctuation": keys.punctuation}
    if role in flags:
        wanted = flags[role][:, None, :].expand(shape)
    else:
        wanted = {"previous": k == q - 1, "next": k == q + 1, "self": k == q, "first": (k == 0) & (q >= 0)}[role].expand(shape)
    if role in OWN and is_self:
        wanted = wanted & ~wanted.diagonal(dim1=1, dim2=2)[:, :, None]
    return wanted


def punctuation(tokens: Tokens) -> list[bool]:
    """For each token, whether every character of its piece is Unicode punctuation (category P); of a byte, its character."""
    bare = [text.strip() for text in tokens.characters]
    return [
        not apart and bool(text) and all(unicodedata.category(char)[0] == "P" for char in text)
        for apart, text in zip(tokens.special, bare, strict=True)
    ]


def sink_tokens(tokens: Tokens) -> list[bool]:
    """For each token, whether it is special (<s>, </s>) or punctuation."""
    return [apart or mark for apart, mark in zip(tokens.special, punctuation(tokens), strict=True)]


def content_tokens(tokens: Tokens) -> list[bool]:
    """For each token, whether it is part of a word, a number or a symbol: not special, not punctuation, not a lone space."""
    return _content(tokens, punctuation(tokens))


def _content(tokens: Tokens, marks: list[bool]) -> list[bool]:
    texts = zip(tokens.special, marks, tokens.characters, strict=True)
    return [not apart and not mark and text != "" for apart, mark, text in texts]
