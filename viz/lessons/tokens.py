"""Tokens: words are cut into pieces of a fixed vocabulary."""

from __future__ import annotations

from model.analysis.words import join_pieces, word_groups
from model.trace.tokens import Tokens
from viz.lessons.words import label, pieces
from viz.page.lesson import Lesson, Material, Slider, Step, Symbol

MOST = 8  # pieces that the slider offers; a longer word takes more


def longest(material: Material) -> tuple[str, Tokens, int]:
    """(stack, its tokens, place of the word): the word of either side that is cut into most pieces; of equals the longer one."""
    trace = material.trace
    ways = []
    for stack, tokens in ((trace.anatomy.stacks[0].name, trace.source), (trace.anatomy.predicting.name, trace.labels)):
        words = join_pieces(tokens).surface
        for at, group in enumerate(word_groups(tokens)):
            if not tokens.special[group.start]:
                ways.append((len(group), len(words[at]), stack, at))
    _, _, stack, at = max(ways)
    return stack, trace.source if stack == trace.anatomy.stacks[0].name else trace.labels, at


def step(material: Material) -> Step:
    """Count the pieces of one word."""
    stack, tokens, _ = longest(material)
    whole = sum(len(group) == 1 for group in word_groups(tokens)) - sum(tokens.special)
    words = (
        f"A model has a fixed vocabulary, here {material.trace.anatomy.vocabulary:,} pieces. What is frequent is one piece; a rare word is cut "
        f"into several, so that nothing is unknown. Of this side's words and marks, {whole} are a single piece."
    )
    formula = (
        Symbol("text", "what was typed, or what the model said", "card sentence"), " → ",
        Symbol("pieces", f"entries of the vocabulary, · marks a space in front; this side has {len(tokens)}", "card card-tokens-ids"), " → ",
        Symbol("ids", "the number of each piece: all that the model reads", "card card-tokens-ids"),
    )  # fmt: skip
    return Step(words=words, formula=formula, question=question(material), focus={"side": stack})


def question(material: Material) -> Slider:
    """How many pieces the longest word has."""
    _, tokens, at = longest(material)
    group, joined = word_groups(tokens)[at], join_pieces(tokens)
    word, count = label(joined, at), len(group)
    listed = " · ".join(tokens.surface[place] or "(a space)" for place in group)

    def why(answer: float) -> str:
        gap = round(abs(answer - count))
        return f"{word} is {pieces(count)}: {listed}" + (f"; your guess was {gap} off." if gap else ".")

    hints = (
        "Byte-pair encoding joins what often stands together; an apostrophe or a rare stem stays apart.",
        f"The word has {len(joined.surface[at])} characters.",
        f"Count them in the picture: {listed}.",
    )
    return Slider(
        text=f"Into how many pieces is {word} cut?", hints=hints, why=why, least=1, most=max(MOST, count), step=1, key=count, within=0,
        write=lambda value: pieces(round(value)), easy="Every word of your sentence is a single piece: an easy one." if count == 1 else "",
    )  # fmt: skip


LESSON = Lesson("Tokens: words become pieces", {"view": "tokens"}, (step,), covers=("picture", "rows"))
