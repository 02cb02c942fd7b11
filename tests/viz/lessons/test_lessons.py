"""The lessons' keys: right for fifty sentences by a count of its own, and not the same for all; what a lesson says is whole."""

from __future__ import annotations

import math
import re

import pytest

from viz.lessons import LESSONS, notes, pronoun, softmax, training
from viz.page.lesson import Click, Pick, Question, Slider, Symbol, mixed, sign
from viz.page.shared import PARAMS
from viz.page.state import State
from viz.views import VIEWS

MARK = re.compile(r"(row|column) \d+|cell \d+ \d+|card [\w-]+|part .+")
NAMES = {param.name for param in PARAMS} | {param.name for view in VIEWS.values() for param in view.params}
NAMES |= {"change", "asks_target"}
OWN = (notes.LESSON, pronoun.LESSON)  # what they ask does not depend on the sentence: statements, and a sentence of its own


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
            assert question.is_right(question.solution) and bool(question.name(question.solution)) != isinstance(question, Click)
            if isinstance(question, Click):  # a browser may send any place: one that the picture does not have is no answer
                beyond = (*question.solution[:-1], 10**6)
                assert question.takes(question.solution) and not question.takes(beyond) and not question.takes(beyond[-1:])
            assert len(set(question.hints)) == 3 and all(hint.endswith((".", "?")) for hint in question.hints)
            said = [question.why(answer) for answer in right[:1] + wrong[:1]]
            assert len(set(said)) == len(said) and all(text.endswith(".") for text in said)
            texts += [question.text, question.easy, *question.hints, *said]
        assert not [text for text in texts if re.search(r"\bnan\b|\binf\b|None|tensor|\{", text)]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.title)
def test_the_numbers_of_the_gap_agree_with_the_grading(steps, lesson):
    """One an option, in their order, and the best is the key's; of a click the place itself and the right one. Statements that no two numbers
    decide have none."""
    best = min if lesson is training.LESSON else max
    for at, step in ((at, step) for at, made in enumerate(steps(lesson)) for step in made):
        asks = step.question
        if asks is None or isinstance(asks, Slider):
            continue
        right, wrong = answers(asks)
        for answer in right[:1] + wrong[:1]:
            measures = asks.numbers(answer)
            if measures is None:
                assert lesson is notes.LESSON and at in (0, 1, 5, 7)
                continue
            bars = measures.bars
            assert measures.words and all(math.isfinite(bar.value) and bar.words and re.search(r"\d", bar.text) for bar in bars)
            if lesson in (notes.LESSON, softmax.LESSON):  # before and after, and the like: none of them is an answer
                assert len(bars) > 1 and {bar.answer for bar in bars} == {None}
            elif isinstance(asks, Pick):
                assert [bar.words for bar in bars] == list(asks.options)
                assert [bar.answer for bar in bars] == list(range(len(bars)))
                assert best(bars, key=lambda bar: bar.value).answer == asks.key
            else:
                assert bars[0].answer == answer
                assert [asks.is_right(bar.answer) for bar in bars] == ([True] if answer in right else [False, True])


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.title)
def test_no_key_is_the_same_for_all_sentences(steps, lesson):
    """Whoever has heard a neighbour's answer does not know one's own; nearly every sentence has something to ask."""
    for made in steps(lesson) if lesson not in OWN else ():
        keys = [key_of(step.question) for step in made if step.question]
        assert len(keys) >= 0.9 * len(made) and len(set(keys)) > 1
        assert max(keys.count(key) for key in set(keys)) < 0.85 * len(keys)


def test_options_are_mixed_and_a_small_change_stays():
    """The right answer is among the options wherever the seed puts it, each option once."""
    drawn = [mixed("a", ["b", "a", "b", "c", "d", "e"], seed) for seed in range(20)]
    assert all(sorted(options) == ["a", "b", "c", "d"] and options[key] == "a" for options, key in drawn)
    assert len({key for _, key in drawn}) == 4
    assert [sign(change, 0.05) for change in (-0.06, -0.05, 0.05, 0.06)] == [0, 1, 1, 2]
