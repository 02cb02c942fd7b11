"""A model of one stack over one text: it fills in, tags and classifies, or it writes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model.instrument.donors import Donors, read_donors
from model.instrument.masked_text import encode_masked
from model.instrument.own_model import Guess, OwnModel
from model.instrument.recorder import running
from model.instrument.rerun import AlonePasses
from model.instrument.search import NEVER_SAID
from model.instrument.sites import capture_alone
from model.instrument.tokenizer import END, MASK, UNKNOWN
from model.instrument.weights import TransformerWeights
from model.trace.intervention import Intervention
from model.trace.places import check_places, within
from model.trace.tokens import Tokens
from model.trace.trace import Trace
from model.transformer.alone import Alone
from model.transformer.config import DECODER

MOST_WRITTEN = 40  # tokens that a model writes on


@dataclass(frozen=True, eq=False)
class LanguageReader(OwnModel):
    """A transformer's encoder or decoder alone, with its tokenizer."""

    model: Alone

    @property
    def weights(self) -> TransformerWeights:
        """What an analysis may ask of the model's weights (`model.analysis.weights.Weights`)."""
        return TransformerWeights(self.model)

    @property
    def ending(self) -> TransformerWeights:
        """What makes logits of a state (`model.analysis.weights.Unembed`)."""
        return self.weights

    @property
    def passes(self) -> AlonePasses:
        """What an analysis may ask the model to read again (`model.analysis.passes.Passes`)."""
        return AlonePasses(self.model, self.donors)

    @property
    def mask(self) -> str | None:
        """What hides a piece in a text; None of a model that writes on."""
        return None if self.writes else MASK

    @property
    def writes(self) -> bool:
        """Whether it writes on, and does not fill in."""
        return self.model.side == DECODER

    def source(self, text: str) -> Tokens:
        """What the model reads: the pieces and </s>, with `<mask>` hiding one; of a model that writes on, <s> and the pieces.

        Raises ValueError, in words, for text that is empty or too long.
        """
        text = self._readable(text, "text")
        if self.writes:
            return self._checked(self.tokenizer.with_start(self.tokenizer.encode(text)), "text")
        return self._checked(self.tokenizer.with_end(encode_masked(self.tokenizer, text)), "text")

    # -- what it says ------------------------------------------------------------------------------------------------

    def generate(self, text: str, intervention: Intervention = Intervention()) -> str:
        """The text with its masks filled in, or the text gone on with; always the likeliest piece. Raises ValueError as `source`."""
        return self.written(self.source(text), intervention).text

    def written(self, source: Tokens, intervention: Intervention = Intervention()) -> Tokens:
        """The same as Tokens: every mask filled in, </s> behind; or <s>, the text and up to MOST_WRITTEN more, without </s>."""
        if self.writes:
            room = min(MOST_WRITTEN, self.model.config.max_length - len(source))
            check_places(intervention, self.anatomy, len(source) + room)
            more = self._goes_on(source.ids, room, intervention)
            return self.tokenizer.with_start(self.tokenizer.decode(source.ids[1:] + more)) if more else source
        ids = [
            best if id_ == UNKNOWN else id_ for id_, best in zip(source.ids, self._likeliest(source, intervention), strict=True)
        ]
        return self.tokenizer.with_end(self.tokenizer.decode(ids[:-1]))

    def fill(self, text: str, most: int = 5, intervention: Intervention = Intervention()) -> list[list[Guess]]:
        """What may stand at each `<mask>` of a text, the likeliest first. Raises ValueError as `source`, and for a text without one."""
        source = self._encoders(text, "fills in nothing: it writes on")
        places = [at for at, id_ in enumerate(source.ids) if id_ == UNKNOWN]
        if not places:
            raise ValueError(f"There is no {MASK} in this text. Write {MASK} where a piece is to be filled in.")
        chances = self.said(self._states(source, intervention)[places]).softmax(-1).topk(most)
        return [
            [Guess(self.tokenizer.decode([id_]).text, chance) for id_, chance in zip(ids, row, strict=True)]
            for ids, row in zip(chances.indices.tolist(), chances.values.tolist(), strict=True)
        ]

    def tag(self, text: str, intervention: Intervention = Intervention()) -> list[Guess]:
        """The likeliest label of each word, in the order of the words, read from its first piece. Raises ValueError as `source`."""
        source = self._encoders(text, "has no tagger")
        if self.model.tagger is None:
            raise ValueError(self._lacks("has no tagger"))
        return self.tags(source, intervention)

    def classify(self, text: str, intervention: Intervention = Intervention()) -> list[Guess]:
        """Every class of a text with its probability, read from the state of </s>; they sum to 1. Raises ValueError as `source`."""
        source = self._encoders(text, "has no classifier")
        if self.model.classifier is None:
            raise ValueError(self._lacks("has no classifier"))
        return self.classes(source, intervention)

    def tags(self, source: Tokens, intervention: Intervention = Intervention()) -> list[Guess]:
        """`tag` of what is read already; none where there is no tagger."""
        if self.model.tagger is None:
            return []
        firsts = [_first(source, group) for group in source.groups if source.words[group.start] >= 0]
        with torch.no_grad():
            best = self.model.tagger(self._states(source, intervention)[firsts]).softmax(-1).max(-1)
        names = self.about["labels"]["tags"]
        return [Guess(names[at], chance) for at, chance in zip(best.indices.tolist(), best.values.tolist(), strict=True)]

    def classes(self, source: Tokens, intervention: Intervention = Intervention()) -> list[Guess]:
        """`classify` of what is read already; none where there is no classifier."""
        if self.model.classifier is None:
            return []
        with torch.no_grad():
            chances = self.model.classifier(self._states(source, intervention)[-1]).softmax(-1).tolist()
        return [Guess(name, chance) for name, chance in zip(self.about["labels"]["classes"], chances, strict=True)]

    def answer(self, source: Tokens, intervention: Intervention = Intervention()) -> Tokens:
        """What each row of a pass over `source` must predict: every mask filled in, or the text one token on and what comes then."""
        intervention = within(intervention, self.anatomy, len(source))
        if not self.writes:
            return self.written(source, intervention)
        return self._spelled([*source.ids[1:], self._likeliest(source, intervention)[-1]])

    def target(self, text: str) -> Tokens:
        """Raises ValueError: there is one text."""
        raise ValueError("This model reads one text: leave the target away.")

    def read(self, labels: Tokens) -> Tokens:
        """Raises ValueError: there is one stack."""
        raise ValueError("This model reads one text: nothing is written beside it.")

    # -- what it computes --------------------------------------------------------------------------------------------

    def trace(self, text: str, target: str | Tokens | None = None, intervention: Intervention = Intervention()) -> Trace:
        """Everything that one pass over a text computes.

        target: of a model that fills in, the same text without masks, which says what stood there (None: what it fills in); of
        one that writes on, how the text goes on, which it reads too. Raises ValueError, in words, for a text that is empty or too
        long, for a target that does not fit and for a change that the model cannot follow.
        """
        if self.writes:
            source = self.source(text + (target.text if isinstance(target, Tokens) else target or ""))
            check_places(intervention, self.anatomy, len(source))
            labels = self.answer(source, intervention)
        else:
            source = self.source(text)
            check_places(intervention, self.anatomy, len(source))
            labels = self.written(source, intervention) if target is None else self._unmasked(source, target)
        return self.capture(source, labels, intervention)

    def capture(self, source: Tokens, labels: Tokens, intervention: Intervention = Intervention()) -> Trace:
        """One pass over a text. labels: what each row must predict."""
        return capture_alone(self.model, source, labels, intervention, self.anatomy, self.donors([intervention]))

    def donors(self, changes: Sequence[Intervention]) -> Donors:
        """The passes that patches are taken from: of the unchanged model. Raises ValueError, in words, for one that cannot be read."""
        return read_donors(self.trace, changes)

    def _unmasked(self, source: Tokens, target: str | Tokens) -> Tokens:
        """What stands at each place of a text with masks. Raises ValueError where that is another text."""
        whole = self.source(target) if isinstance(target, str) else target
        fits = len(whole) == len(source) and all(
            one in (UNKNOWN, other) for one, other in zip(source.ids, whole.ids, strict=True)
        )
        if not fits:
            raise ValueError(f"The target must be the text itself, with one piece in place of each {MASK}.")
        return whole

    def _spelled(self, ids: list[int]) -> Tokens:
        """Tokens of ids that may end in </s>."""
        return self.tokenizer.with_end(self.tokenizer.decode(ids[:-1])) if ids[-1] == END else self.tokenizer.decode(ids)

    def _encoders(self, text: str, lack: str) -> Tokens:
        """What an encoder reads. Raises ValueError, in words, where the model is none."""
        if self.writes:
            raise ValueError(self._lacks(lack))
        return self.source(text)

    def _lacks(self, what: str) -> str:
        return f"The model {self.name} {what}."

    def _states(self, source: Tokens, intervention: Intervention) -> Tensor:
        """States behind the last norm, (position, d_model), of a plain pass with the model as changed."""
        check_places(intervention, self.anatomy, len(source))
        with torch.no_grad(), running(self.anatomy, intervention, self.donors([intervention])):
            return self.model.read(torch.tensor([source.ids], device=self.model.device))[0]

    def said(self, states: Tensor) -> Tensor:
        """Logits of states (row, d_model), -inf for what no text contains: (row, vocabulary)."""
        with torch.no_grad():
            logits = self.model.logits(states).float()
        logits[:, NEVER_SAID] = float("-inf")
        if not self.writes:
            logits[:, END] = float("-inf")
        return logits

    def _likeliest(self, source: Tokens, intervention: Intervention) -> list[int]:
        """The piece that each row holds for the likeliest."""
        return self.said(self._states(source, intervention)).argmax(-1).tolist()

    def _goes_on(self, ids: Sequence[int], room: int, intervention: Intervention) -> list[int]:
        """The likeliest next piece, again and again, until </s> or until there is no room."""
        found: list[int] = []
        cache = self.model.new_cache() if intervention.keeps_earlier_steps and self.model.config.masked else None
        with torch.no_grad(), running(self.anatomy, intervention, self.donors([intervention])):
            while len(found) < room:
                whole = [*ids, *found]
                states = self.model.read(
                    torch.tensor([whole[cache[0].length :] if cache else whole], device=self.model.device), cache
                )
                best = int(self.said(states[0, -1:]).argmax())
                if best == END:
                    break
                found.append(best)
        return found


def _first(tokens: Tokens, word: range) -> int:
    """The first token of a word that has a character of it: a lone space mark has none."""
    spans = ((at, tokens.spans[at]) for at in word)
    return next((at for at, span in spans if span and span[0] < span[1]), word.start)
