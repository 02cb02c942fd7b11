"""Text as people type it, made from text as corpora have it: capitals, no capitals, no full stop, several sentences at once."""

from __future__ import annotations

import random
from itertools import accumulate

from model.training.recipe import Recipe

Pairs = list[tuple[str, str]]
LONGEST = 90  # words on a side of a joined pair
LOUDEST = 10  # words of a source in capitals: people shout short things
FINAL = ".!?…"
PHRASES = "phrases"  # how files of short things that people type first begin


def capitals(pair: tuple[str, str]) -> tuple[str, str]:
    """Both sides in capitals: the answer shouts back."""
    return pair[0].upper(), pair[1].upper()


def lower_case(pair: tuple[str, str]) -> tuple[str, str]:
    """The source as typed in a hurry; the target stays written well."""
    return pair[0].lower(), pair[1]


def bare(pair: tuple[str, str]) -> tuple[str, str]:
    """Neither side has its final punctuation; every second source is in lower case too (by its length, so no dice)."""
    source, target = (side.rstrip(FINAL).rstrip() for side in pair)
    return (source.lower() if len(source) % 2 else source), target


def variants(pairs: Pairs, count: int, change, generator: random.Random) -> Pairs:
    """So many of the pairs, all if there are fewer, drawn without repetition, each changed; what the change leaves empty is left out."""
    drawn = (change(pair) for pair in generator.sample(pairs, min(count, len(pairs))))
    return [pair for pair in drawn if all(pair)]


def joined(pairs: Pairs, count: int, generator: random.Random) -> Pairs:
    """`count` inputs of two or three pairs each, one behind the other, at most LONGEST words on a side.

    Long pairs are drawn more often, by their words: what has to be learned are positions that single pairs do not reach.
    """
    totals = list(accumulate(len(source.split()) for source, _ in pairs))
    found: Pairs = []
    while len(found) < count:
        parts = generator.choices(pairs, cum_weights=totals, k=generator.choice((2, 3)))
        sides = (" ".join(part[0] for part in parts), " ".join(part[1] for part in parts))
        if max(len(side.split()) for side in sides) > LONGEST:
            sides = parts[0]
        found.append(sides)
    return found


def repeated(name: str, pairs: Pairs, recipe: Recipe) -> Pairs:
    """The pairs of a file as often as a pass reads them: short phrases more often than the rest."""
    return pairs * (recipe.phrases if name.startswith(PHRASES) else 1)


def joined_only(pairs: Pairs, recipe: Recipe) -> Pairs:
    """The joined pairs of a recipe alone: the longest inputs that a model of it learned from."""
    return joined(pairs, round(recipe.joined * len(pairs)), random.Random(recipe.seed))


def robust_kinds(pairs: Pairs, recipe: Recipe) -> dict[str, Pairs]:
    """What a pass reads besides `pairs` themselves, by kind: a function of the pairs and the recipe alone."""
    generator = random.Random(recipe.seed)
    loud = [pair for pair in pairs if len(pair[0].split()) <= LOUDEST]
    return {
        "capitals": variants(loud, round(recipe.capitals * len(pairs)), capitals, generator),
        "lower_case": variants(pairs, round(recipe.lower_case * len(pairs)), lower_case, generator),
        "bare": variants(pairs, round(recipe.bare * len(pairs)), bare, generator),
        "joined": joined(pairs, round(recipe.joined * len(pairs)), generator),
    }


def robust(pairs: Pairs, recipe: Recipe) -> Pairs:
    """All that `robust_kinds` gives, one kind behind the other."""
    return [pair for kind in robust_kinds(pairs, recipe).values() for pair in kind]
