"""Greedy and beam search with a key/value cache, many sentences at a time. Greedy is a beam of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from model.instrument.recorder import is_recording
from model.instrument.tokenizer import END, PAD, START, UNKNOWN
from model.trace.values import shown, switch, whole_number
from model.transformer.architecture import AnyConfig
from model.transformer.incremental import IncrementalDecoder
from model.transformer.recurrent import Recurrent
from model.transformer.transformer import Transformer

LENGTH_PENALTY = 0.6  # alpha of Wu et al. (2016), equation 14
LARGEST_BEAM = 1000  # hypotheses of one sentence; each holds a cache of its own
NEVER_SAID = [PAD, UNKNOWN, START]  # ids of pieces that no translation contains
Going = tuple[int, int, float]  # a hypothesis that goes on: parent, piece, log-probability
Ended = tuple[int, float, float]  # one that ends here: parent, log-probability, the same normalised by length
AnyTranslator = Transformer | Recurrent
Observer = Callable[[int, list[Going], list[Ended]], None]  # (sentence, ...), once a step; parents count the last step's Going


def length_limits(source: Tensor, model: AnyTranslator) -> Tensor:
    """Most target tokens, </s> included, for each source row: twice the source and ten more, within max_length."""
    lengths = (source != model.config.pad_id).sum(1)
    return (2 * lengths + 10).clamp(max=model.config.max_length)


def most_tokens(length: int, config: AnyConfig) -> int:
    """`length_limits` of one source of so many tokens."""
    return min(2 * length + 10, config.max_length)


@torch.no_grad()
def search(
    model: AnyTranslator, source: Tensor, beam: int = 1, use_cache: bool = True, forced: Mapping[int, int] | None = None,
    observe: Observer | None = None,
) -> list[list[int]]:  # fmt: skip
    """Translate: source ids (batch, source), padded -> target ids of each row, without <s> and </s>.

    beam: hypotheses kept per sentence; 1 is greedy. Ranked by log-probability / ((5 + length) / 6)^0.6 (Wu et al. 2016).
    use_cache: False reads the whole prefix again at every step; the same result, needed where an edit of the pass lets
    earlier target rows see later ones. A model without the look-ahead mask always does so.
    forced: at these steps, from 0, only this piece is possible, within the length limit.
    observe: is told after every step what became of the hypotheses of each sentence, the best first.
    Raises ValueError, in words, for ids, a beam or forced pieces that have no meaning.
    """
    _check_search(model, source, beam, use_cache, forced)
    limits, reader = length_limits(source, model), _reader(model, source, beam, use_cache)
    if beam == 1 and observe is None:
        return _greedy(reader, limits, forced or {})
    state = _Beams(
        beam, torch.arange(len(source), device=source.device), limits, reader,
        torch.full((len(source) * beam, 1), START, device=source.device),
        torch.full((len(source), beam), float("-inf"), device=source.device), forced or {}, observe,
    )  # fmt: skip
    state.scores[:, 0] = 0.0  # all hypotheses start equal: only the first one counts
    finished: list[list[tuple[float, list[int]]]] = [[] for _ in source]
    while len(state.sentences):
        _advance(state, _next_log_probabilities(state), finished)
    return [max(hypotheses)[1] for hypotheses in finished]


def _check_search(model: AnyTranslator, source: Tensor, beam: int, use_cache: bool, forced: Mapping[int, int] | None) -> None:
    """Raise ValueError, in words, for arguments of `search` that have no meaning."""
    config = model.config
    whole_number("The beam", beam, 1, LARGEST_BEAM)
    switch("use_cache", use_cache)
    if not isinstance(source, Tensor) or source.dim() != 2 or source.dtype not in (torch.int64, torch.int32):
        raise ValueError("source must be a tensor of whole numbers, token ids (batch, source).")
    if not source.numel():
        raise ValueError("source holds no token: there is nothing to translate.")
    if source.size(1) > config.max_length:
        raise ValueError(f"source has {source.size(1):,} tokens; the model reads at most {config.max_length}.")
    least, most = (int(value) for value in source.aminmax())
    if least < 0 or most >= config.vocabulary_size:
        raise ValueError(f"source holds token ids from {least} to {most}; the vocabulary has 0 to {config.vocabulary_size - 1}.")
    if bool((source == config.pad_id).all(1).any()):
        raise ValueError("source has a row of padding alone: there is nothing to translate in it.")
    if forced is not None and not isinstance(forced, Mapping):
        raise ValueError(f"forced must map steps to pieces, not be {shown(forced)}.")
    for step, piece in (forced or {}).items():
        whole_number("A step in forced", step, 0)
        if whole_number(f"The piece forced at step {step}", piece, 0, config.vocabulary_size - 1) in NEVER_SAID:
            raise ValueError(f"The piece forced at step {step} is {piece}, which no translation contains (<pad>, <unk>, <s>).")


class _Reader(Protocol):
    """What reads the hypotheses, one token a step; a row is one of them, and those of a sentence lie side by side."""

    def advance(self, tokens: Tensor) -> Tensor:
        """The next token of every row, ids (row,) -> logits of what follows it, (row, vocabulary)."""
        ...

    def select(self, sentences: Tensor | None, rows: Tensor) -> None:
        """Keep these sentences (None: all) and these rows, in this order."""
        ...


def _reader(model: AnyTranslator, source: Tensor, beam: int, use_cache: bool) -> _Reader:
    """The quick one where nothing looks on; else one that passes the sites of the model."""
    memory, mask = model.encode(source)
    use_cache = use_cache and model.config.masked
    if use_cache and not is_recording() and isinstance(model, Transformer):
        return IncrementalDecoder(model, memory, mask, beam)
    rows = torch.arange(len(source), device=source.device).repeat_interleave(beam)
    return _ModuleReader(model, memory[rows], mask[rows], use_cache)


class _ModuleReader:
    """Reads through the modules of the model, which hooks can edit: with their cache, or all tokens so far at every step."""

    def __init__(self, model: AnyTranslator, memory: Tensor, mask: Tensor, use_cache: bool) -> None:
        self.model, self.memory, self.mask = model, memory, mask  # a row each
        self.cache: Any = model.new_cache() if use_cache else None  # each architecture knows its own
        self.prefixes = torch.empty(len(memory), 0, dtype=torch.long, device=memory.device)

    def advance(self, tokens: Tensor) -> Tensor:
        """See `_Reader`."""
        self.prefixes = torch.cat([self.prefixes, tokens[:, None]], dim=1)
        read = tokens[:, None] if self.cache else self.prefixes
        return self.model.logits(self.model.decode(read, self.memory, self.mask, self.cache)[:, -1])

    def select(self, _sentences: Tensor | None, rows: Tensor) -> None:
        """See `_Reader`."""
        self.memory, self.mask, self.prefixes = self.memory[rows], self.mask[rows], self.prefixes[rows]
        for layer in self.cache or ():
            layer.select(rows)


def _next_logits(reader: _Reader, tokens: Tensor) -> Tensor:
    """(row, vocabulary): logits of what may follow the tokens (row,); -inf for what no translation contains."""
    logits = reader.advance(tokens).float()
    logits[:, NEVER_SAID] = float("-inf")
    return logits


def _greedy(reader: _Reader, limits: Tensor, forced: Mapping[int, int]) -> list[list[int]]:
    """The largest logit at every step, until each sentence has ended."""
    found: list[list[int]] = [[] for _ in limits]
    going, longest = list(range(len(found))), limits.tolist()  # `going`: sentences that are not finished
    tokens = torch.full_like(limits, START)
    while going:
        logits, step = _next_logits(reader, tokens), len(found[going[0]])
        tokens = logits.argmax(-1) if step not in forced else torch.full_like(tokens, forced[step])
        ids = tokens.tolist()
        stay = [row for row, sentence in enumerate(going) if ids[row] != END and step + 1 < longest[sentence]]
        for row in stay:
            found[going[row]].append(ids[row])
        if len(stay) < len(going):
            rows = torch.tensor(stay, dtype=torch.long, device=tokens.device)
            reader.select(rows, rows)
            tokens, going = tokens[rows], [going[row] for row in stay]
    return found


@dataclass(eq=False)
class _Beams:
    """The hypotheses of the sentences that are not finished; rows are (sentence, hypothesis) pairs."""

    beam: int
    sentences: Tensor  # (sentence,): row in the source batch
    limits: Tensor  # (sentence,): most target tokens
    reader: _Reader
    prefixes: Tensor  # (row, tokens so far), from <s>
    scores: Tensor  # (sentence, beam): log-probability so far
    forced: Mapping[int, int]
    observe: Observer | None

    def select(self, sentences: Tensor, rows: Tensor) -> None:
        """Keep these sentences (indices) and these rows, in this order."""
        self.reader.select(sentences if len(sentences) < len(self.sentences) else None, rows)
        self.sentences, self.limits = self.sentences[sentences], self.limits[sentences]
        self.prefixes = self.prefixes[rows]


def _next_log_probabilities(state: _Beams) -> Tensor:
    """(sentence, beam, vocabulary): log-probability of every next token; only of one that is forced, and of </s> at the limit."""
    logits = _next_logits(state.reader, state.prefixes[:, -1])
    result = logits.log_softmax(-1).view(len(state.sentences), state.beam, -1)
    length = state.prefixes.size(1)
    only = torch.full_like(state.limits, state.forced.get(length - 1, -1)).masked_fill(state.limits <= length, END)
    if (only >= 0).any():
        others = torch.arange(result.size(-1), device=only.device) != only[:, None]
        result = result.masked_fill((others & (only >= 0)[:, None])[:, None], float("-inf"))
    return result


def _advance(state: _Beams, next_: Tensor, finished: list[list[tuple[float, list[int]]]]) -> None:
    """Take one step: the best continuations go on, those that end go to `finished`, complete sentences leave."""
    beam, vocabulary = state.beam, next_.size(-1)
    scores, flat = (state.scores[..., None] + next_).flatten(1).topk(min(2 * beam, beam * vocabulary), dim=1)
    parents, tokens = flat // vocabulary, flat % vocabulary  # (sentence, candidate)
    ends = tokens == END
    rank = torch.arange(tokens.size(1), device=tokens.device)
    ended: list[list[Ended]] = [[] for _ in tokens]
    for sentence, candidate in (ends & (rank < beam) & scores.isfinite()).nonzero().tolist():
        row = sentence * beam + int(parents[sentence, candidate])
        ids = state.prefixes[row, 1:].tolist()
        score = float(scores[sentence, candidate])
        normalised = score / ((5 + len(ids) + 1) / 6) ** LENGTH_PENALTY
        finished[int(state.sentences[sentence])].append((normalised, ids))
        ended[sentence].append((int(parents[sentence, candidate]), score, normalised))
    order = (ends.long() * len(rank) + rank).argsort(dim=1)[:, :beam]  # the best that do not end
    scores = scores.gather(1, order).masked_fill(ends.gather(1, order), float("-inf"))
    parents, tokens = parents.gather(1, order), tokens.gather(1, order)
    going = torch.tensor([len(finished[index]) < beam for index in state.sentences.tolist()], device=scores.device)
    kept = (going & scores.isfinite().any(1)).nonzero().squeeze(1)
    if state.observe:
        stay = set(kept.tolist())
        for at, sentence in enumerate(state.sentences.tolist()):
            going_on = zip(parents[at].tolist(), tokens[at].tolist(), scores[at].tolist(), strict=True)
            state.observe(sentence, [one for one in going_on if at in stay and one[2] > float("-inf")], ended[at])
    rows = (kept[:, None] * beam + parents[kept]).flatten()
    state.select(kept, rows)
    state.prefixes = torch.cat([state.prefixes, tokens[kept].flatten()[:, None]], dim=1)
    state.scores = scores[kept]
