"""Word alignment: how well a head of cross-attention finds the words that people linked (Och and Ney 2003, section 5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from model.analysis.attention import handed_on
from model.instrument.lines import columns, read_lines
from model.trace.tokens import Tokens
from model.trace.trace import Trace
from model.trace.words import word_spans, words_of

Link = tuple[int, int]  # (source word, target word), from 0


@dataclass(frozen=True)
class Pair:
    """A sentence pair with word links set by hand."""

    source: str
    target: str
    sure: frozenset[Link]
    possible: frozenset[Link]  # every link that may be made, the sure ones among them


def read_pairs(path: Path) -> list[Pair]:
    """Pairs of a file: source<TAB>target<TAB>links; `3-5` is sure, `3?5` possible, words count from 0. # begins a comment line.

    Raises ValueError, with file and line, for a line without three columns, a link that is written otherwise or to a word that is
    not there, a pair without a sure link, and as `read_lines` does.
    """
    pairs = []
    for number, line in read_lines(path):
        if not line.strip() or line.startswith("#"):
            continue
        source, target, written = columns(path, number, line, ("source", "target", "links"))
        found = []
        for link in written.split():
            match = re.fullmatch(r"(\d{1,4})([-?])(\d{1,4})", link, re.ASCII)
            if match is None:
                raise ValueError(
                    f"{path}, line {number}: {link[:40]!r} is no link; write 3-5 for a sure one, 3?5 for a possible one."
                )
            found.append(match)
        links = {sign: frozenset((int(match[1]), int(match[3])) for match in found if match[2] == sign) for sign in "-?"}
        if not links["-"]:
            raise ValueError(f"{path}, line {number}: no sure link, such as 0-0; an error rate needs one.")
        sizes = len(word_spans(source)), len(word_spans(target))
        if any(link[side] >= sizes[side] for link in links["-"] | links["?"] for side in (0, 1)):
            raise ValueError(f"{path}, line {number}: a link names a word that is not there; the sentences have {sizes} words.")
        pairs.append(Pair(source, target, links["-"], links["-"] | links["?"]))
    if not pairs:
        raise ValueError(f"{path} holds no pair, only comments.")
    return pairs


def word_of_token(tokens: Tokens) -> list[int]:
    """For each token the word of its text that it begins in (`model.words.word_spans`), from 0; -1 for a special token."""
    words = iter(words_of([span for span in tokens.spans if span], tokens.text))
    return [-1 if span is None else next(words) for span in tokens.spans]


def word_weights(trace: Trace) -> Tensor:
    """Cross-attention between words, (layer, head, target word, source word): mean over the rows that PRODUCE the target word's
    pieces (decoder row t produces labels[t]) of the sum over the source word's pieces. `</s>` belongs to no word; a head that is off
    links nothing: its weights are 0."""
    kind = trace.anatomy.bridge().name
    rows, columns = word_of_token(trace.rows(kind).labels), word_of_token(trace.columns(kind))
    weights = handed_on(trace, kind)
    down, across = _membership(rows, weights), _membership(columns, weights)
    down = down / down.sum(dim=1, keepdim=True).clamp_min(1)
    return down @ weights @ across.T


def _membership(words: list[int], like: Tensor) -> Tensor:
    """(word, token): 1 where the token belongs to the word."""
    found = torch.tensor(words, device=like.device)
    return (found[None, :] == torch.arange(max(words) + 1, device=like.device)[:, None]).to(like.dtype)


def error_rate(sure: frozenset[Link], possible: frozenset[Link], found: frozenset[Link]) -> tuple[int, int]:
    """Hits and total of the alignment error rate, to be summed over sentences: AER = 1 - hits / total.

    hits = |A and S| + |A and P|, total = |A| + |S| (Och and Ney 2003, equation 4). 0 is perfect, 1 has nothing right.
    """
    return len(found & sure) + len(found & possible), len(found) + len(sure)


def strongest_links(weights: Tensor) -> frozenset[Link]:
    """The source word with the most weight for each target word: weights (target word, source word).

    None for a word without any weight: one that no token begins in, or whose attention all goes to `</s>`.
    """
    best, most = weights.argmax(dim=1).tolist(), weights.amax(dim=1).tolist()
    return frozenset((source, target) for target, (source, weight) in enumerate(zip(best, most, strict=True)) if weight > 0)


def alignment_errors(weights: list[Tensor], pairs: list[Pair]) -> Tensor:
    """Alignment error rate over all pairs of whatever gives weights between words, 0 to 1.

    weights: of each pair, (..., target word, source word) -> (...). Each target word is linked to its strongest source word.
    """
    shape = weights[0].shape[:-2]
    hits, total = torch.zeros(shape).flatten(), torch.zeros(shape).flatten()
    for one, pair in zip(weights, pairs, strict=True):
        for at, map_ in enumerate(one.cpu().reshape(-1, *one.shape[-2:])):
            right, all_ = error_rate(pair.sure, pair.possible, strongest_links(map_))
            hits[at] += right
            total[at] += all_
    return (1 - hits / total).view(shape)


def head_errors(traces: list[Trace], pairs: list[Pair]) -> Tensor:
    """Alignment error rate of every head of cross-attention over all pairs, (layer, head), 0 to 1.

    traces: of the pairs, teacher-forced on the target of each.
    """
    return alignment_errors([word_weights(trace) for trace in traces], pairs)


def layer_errors(traces: list[Trace], pairs: list[Pair]) -> Tensor:
    """The same for the mean of all heads of each layer, (layer,)."""
    return alignment_errors([word_weights(trace).mean(dim=1) for trace in traces], pairs)
