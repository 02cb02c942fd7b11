"""The words of the field that the page uses: one sentence each, and the view that shows it. One file, for every sentence of the page."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """One word of the field."""

    name: str  # as a list has it
    forms: tuple[str, ...]  # how it stands in a sentence; a form without capitals is found with one, too
    sentence: str  # what it means
    view: str  # slug of the view that shows it
    general: str = ""  # what it means in a model that translates nothing, where that is said otherwise


TERMS = (
    Term("activation patching", ("activation patching",), "Putting a value that one sentence's pass computed into the pass of another, to see which values a prediction hangs on.", "patch"),
    Term("Adam", ("Adam",), "The rule by which training moves every number of the model a little, against the gradient of the loss, with a step size of its own.", "roles"),
    Term("alignment error rate", ("alignment error rate",), "How far the word links that a head suggests are from those that people set: 0 is perfect, 1 has nothing right.", "one-head"),
    Term("beam search", ("beam search",), "Writing with several beginnings at once, of which only the most probable are kept at every step.", "decoding"),
    Term("BLEU", ("BLEU",), "How many runs of one to four words a translation shares with one by a person, from 0 to 100; it says nothing of meaning.", "roles"),
    Term("cosine", ("cosine", "cosines"), "How nearly two vectors point the same way: 1 the same, 0 at a right angle, −1 the opposite.", "embeddings"),
    Term("cross-attention", ("cross-attention",), "Attention of the French, which asks, to the English, which answers.", "lines",
         "Attention of what is written, which asks, to what was read, which answers."),
    Term("cross-entropy", ("cross-entropy",), "−ln of the probability that the right piece got: how surprised the model is by it, in nats.", "output"),
    Term("Decoder", ("the decoder", "a decoder"), "The half of the model that writes the French, one piece at a time.", "decoding",
         "The part of a model that writes, one piece at a time."),
    Term("dot product", ("dot product", "dot products"), "Two vectors multiplied number by number and added up: large where both are long and point the same way.", "steps"),
    Term("embedding", ("embedding", "embeddings"), "The vector that stands for a piece: a row of a table that training found.", "embeddings"),
    Term("Encoder", ("the encoder", "an encoder"), "The half of the model that reads the English, all of it at once.", "all-heads",
         "The part of a model that reads a text, all of it at once."),
    Term("entropy", ("entropy",), "How widely a row spreads its attention, in nats: 0 when it looks at one token alone.", "roles"),
    Term("feed-forward", ("feed-forward",), "The part of a layer that works on each token alone: many units, of which few fire.", "layers"),
    Term("free-running", ("free-running",), "The model reads what it has just said itself, mistakes and all.", "decoding"),
    Term("KL", ("KL divergence", "KL"), "How far one set of probabilities is from another, in nats: 0 when they are the same.", "output"),
    Term("LayerNorm", ("LayerNorm", "LayerNorms"), "Takes the mean from a token's numbers and divides them by their standard deviation; then a learned gain and bias.", "layers"),
    Term("log p", ("log p", "log-probability"), "The natural logarithm of a probability: 0 for what is certain, far below 0 for what is unlikely.", "knockout"),
    Term("logit", ("logit", "logits"), "The number that the model gives to each piece of its vocabulary before softmax makes probabilities of them.", "output"),
    Term("logit difference", ("logit difference",), "How much more the model gives to one piece than to another, before softmax: 0 where both are equally likely.", "patch"),
    Term("logit lens", ("logit lens",), "What the model would say if it stopped after a layer: that layer's state through the last LayerNorm and the output matrix.", "output"),
    Term("look-ahead mask", ("look-ahead mask",), "Hides from each French row all that comes after it, so that it cannot read what it must say.", "all-heads",
         "Hides from each row all that comes after it, so that it cannot read what it must say."),
    Term("nats", ("nats", "nat"), "The unit of surprise with the natural logarithm: a piece of probability p costs −ln p nats, one half costs 0.69.", "output"),
    Term("occlusion", ("occlusion",), "Hiding a word from the model and seeing what gets less likely.", "origin"),
    Term("perplexity", ("perplexity",), "e to the mean loss: among how many equally likely pieces the model hesitates on average.", "output"),
    Term("pre-norm", ("pre-norm", "post-norm"), "Where the LayerNorm stands: in front of a sublayer (pre) or behind the sum (post).", "layers"),
    Term("recurrent", ("recurrent network", "recurrent"), "Reads token by token: every state is made of a token and the state before it, so that each step waits for the last.", "recurrent"),
    Term("ReLU", ("ReLU",), "Sets what is below 0 to 0: such a unit does not fire.", "layers"),
    Term("residual stream", ("residual stream",), "The vector that a token carries through all layers; each sublayer reads it and adds to it.", "layers"),
    Term("rollout", ("rollout",), "Attention followed through all layers, one multiplied by the other.", "origin"),
    Term("self-attention", ("self-attention",), "Attention of tokens to tokens of their own sentence.", "all-heads"),
    Term("sink", ("sink", "sinks"), "A token that heads look at when they have nothing to look for: </s>, <s> or punctuation.", "roles"),
    Term("softmax", ("softmax",), "Turns numbers into shares that sum to 1: e to each, divided by the sum of all.", "steps"),
    Term("teacher forcing", ("teacher forcing", "teacher-forced"), "The model reads a given translation instead of its own last piece, and is asked for the next one.", "output",
         "The model reads a given text instead of its own last piece, and is asked for the next one."),
    Term("temperature", ("temperature",), "What scores are divided by before softmax: below 1 sharper, above 1 flatter.", "output"),
    Term("vocabulary", ("vocabulary",), "All pieces that the model knows; what is not among them is spelled with several.", "tokens"),
    Term("W_O", ("W_O",), "The matrix that mixes the outputs of all heads of a layer into one vector.", "joined"),
)  # fmt: skip
BY_FORM = {form: term for term in TERMS for form in term.forms}
MEANINGS = {form.lower(): term.sentence for form, term in BY_FORM.items()}
GENERAL = {form.lower(): term.general or term.sentence for form, term in BY_FORM.items()}


def _pattern(form: str) -> str:
    """A form in a sentence; one without capitals may begin it."""
    first = form[0]
    return (f"[{first}{first.upper()}]" if first.islower() else re.escape(first)) + re.escape(form[1:])


IN_TEXT = re.compile(rf"(?<![\w-])(?:{'|'.join(_pattern(form) for form in sorted(BY_FORM, key=len, reverse=True))})(?![\w-])")


def terms_in(text: str) -> list[tuple[int, int, Term]]:
    """(start, end, term): where the words of the field stand in a text, each term at its first place."""
    places: dict[str, tuple[int, int, Term]] = {}
    for match in IN_TEXT.finditer(text):
        term = BY_FORM.get(match[0]) or BY_FORM[match[0][0].lower() + match[0][1:]]
        places.setdefault(term.name, (match.start(), match.end(), term))
    return sorted(places.values(), key=lambda place: place[0])
