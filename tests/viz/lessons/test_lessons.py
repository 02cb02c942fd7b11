"""The lessons' keys: right for fifty sentences by a count of its own, and not the same for all; what a lesson says is whole."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest
from support.lessons import SENTENCES, material

from viz.lessons import LESSONS
from viz.lessons.words import alignment_head
from viz.page.lesson import Click, Lesson, Material, Pick, Question, Slider, Step, Symbol, mixed, sign
from viz.page.shared import PARAMS
from viz.page.state import State
from viz.theme import token_label
from viz.views import VIEWS

MARK = re.compile(r"(row|column) \d+|cell \d+ \d+|card [\w-]+|part .+")
NAMES = {param.name for param in PARAMS} | {param.name for view in VIEWS.values() for param in view.params}
NAMES |= {"change", "asks_target"}


@pytest.fixture(scope="module")
def materials(translator) -> list[Material]:
    """All sentences, each traced once for all tests of this file."""
    return [material(translator, text) for text in SENTENCES]


@pytest.fixture(scope="module")
def steps(materials) -> Callable[[Lesson], list[list[Step]]]:
    """steps(lesson): for each of its steps, what it makes of every sentence; made once."""
    cache: dict[str, list[list[Step]]] = {}

    def made(lesson: Lesson) -> list[list[Step]]:
        if lesson.title not in cache:
            cache[lesson.title] = [[make(each) for each in materials] for make in lesson.steps]
        return cache[lesson.title]

    return made


def key_of(question: Question) -> object:
    """What is right, in words that can be compared between sentences."""
    if isinstance(question, Pick):
        return question.options[question.key]
    return question.key if isinstance(question, Slider) else tuple(sorted(question.keys))


def answers(question: Question) -> tuple[list, list]:
    """A right answer or more, and wrong ones."""
    if isinstance(question, Pick):
        return [question.key], [at for at in range(len(question.options)) if at != question.key]
    if isinstance(question, Slider):
        ends = [end for end in (question.least, question.most) if abs(end - question.key) > question.within]
        return [question.key], ends
    assert isinstance(question, Click)
    if question.what == "cell":
        (query, key), *_ = question.keys
        return list(question.keys), [(0, 0)] if (query, key) != (0, 0) else [(1, 0)]
    return sorted(question.keys), []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.title)
def test_what_a_lesson_says_is_whole(steps, lesson):
    """Sentences, symbols, hints and the gap of right and wrong answers: no number is missing, every setting is one of the page."""
    assert lesson.settings["view"] in VIEWS and set(lesson.settings) <= NAMES
    for step in (step for made in steps(lesson) for step in made):
        settings = [step.focus, step.then, *(settings for _, settings in step.more)]
        assert all(set(each) <= NAMES for each in settings) and State()
        symbols = [part for part in step.formula if isinstance(part, Symbol)]
        assert symbols and all(MARK.fullmatch(symbol.marks) for symbol in symbols)
        texts = [step.words, *(symbol.words for symbol in symbols)]
        if question := step.question:
            right, wrong = answers(question)
            assert all(question.is_right(answer) for answer in right) and not any(question.is_right(answer) for answer in wrong)
            assert len(set(question.hints)) == 3 and all(hint.endswith(".") for hint in question.hints)
            said = [question.why(answer) for answer in right[:1] + wrong[:3]]
            assert len(set(said)) == len(said) and all(text.endswith(".") for text in said)
            texts += [question.text, question.easy, *question.hints, *said]
        assert not [text for text in texts if re.search(r"\bnan\b|\binf\b|None|tensor|\{", text)]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.title)
def test_no_key_is_the_same_for_all_sentences(steps, lesson):
    """Whoever has heard a neighbour's answer does not know one's own; nearly every sentence has something to ask."""
    for made in steps(lesson) if len(lesson.steps) == 1 else ():
        keys = [key_of(step.question) for step in made if step.question]
        assert len(keys) >= 0.9 * len(made) and len(set(keys)) > 1
        assert max(keys.count(key) for key in set(keys)) < 0.85 * len(keys)


# The keys, counted in another way ---------------------------------------------------------------------------------------


def reading(material: Material, question: Click) -> bool:
    """The cell is one of the head on screen, and its row is not the framed one; the text names its two pieces."""
    kind, layer, head = alignment_head(material)
    ((query, key),) = question.keys
    labels, keys = material.trace.labels.surface, material.trace.source.surface
    row = material.trace.attention[kind].weights[layer, head, query].tolist()
    return labels[query] in question.text and keys[key] in question.text and 0 < row[key] <= 1 == round(sum(row), 3)


def cutting(material: Material, question: Slider) -> bool:
    """No word of either side has more pieces."""
    counts = [
        tokens.words.count(word) for tokens in (material.trace.source, material.trace.labels) for word in set(tokens.words) - {-1}
    ]
    return question.key == max(counts)


def nearness(material: Material, question: Pick) -> bool:
    """Cosines of the options, number by number."""
    weight = material.translator.weights.embedding("encoder")
    pieces = [material.translator.tokenizer.piece(id_) for id_ in range(len(weight))]
    name = re.search("“(.+)”", question.text)[1]
    token = next(at for at, piece in enumerate(material.trace.source.surface) if piece == name)

    def cosine(one: int, other: int) -> float:
        a, b = weight[one].tolist(), weight[other].tolist()
        dot = sum(x * y for x, y in zip(a, b, strict=True))
        return dot / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))

    labels = {token_label(piece): id_ for id_, piece in enumerate(pieces)}
    cosines = [cosine(material.trace.source.ids[token], labels[option]) for option in question.options]
    return cosines.index(max(cosines)) == question.key


COUNTS = {"In and out": reading, "Tokens": cutting, "Embedding": nearness}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.title)
def test_every_key_holds(materials, steps, lesson):
    """On every sentence that has something to ask."""
    count = COUNTS[lesson.title.partition(":")[0]]
    for each, step in zip(materials, steps(lesson)[0], strict=True):
        assert step.question is None or count(each, step.question), each.trace.source.text


def test_options_are_mixed_and_a_small_change_stays():
    """The right answer is among the options wherever the seed puts it, each option once."""
    drawn = [mixed("a", ["b", "a", "b", "c", "d", "e"], seed) for seed in range(20)]
    assert all(sorted(options) == ["a", "b", "c", "d"] and options[key] == "a" for options, key in drawn)
    assert len({key for _, key in drawn}) == 4
    assert [sign(change, 0.05) for change in (-0.06, -0.05, 0.05, 0.06)] == [0, 1, 1, 2]
