"""Bars of a class: they hold its answers, mark what is right once it was revealed, and say so in words; its results as a table."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from viz.page.lesson import Click, Measures, Pick, Slider
from viz.page.room.board import MOST_PARTS, MOST_PLACES, bars, board_html, summary
from viz.page.room.results import COLUMNS, results_csv

HINTS = ("a", "b", "c")
PICK = Pick(text="Which?", hints=HINTS, why=str, options=("falls", "stays", "<rises>"), key=2)
CLICK = Click(
    text="Where?",
    hints=HINTS,
    why=str,
    what="cell",
    keys={(1, 2)},
    has=lambda place: True,
    measures=lambda place: Measures("", ()),
)


def slider(least: float, most: float, step: float, key: float) -> Slider:
    """A question with a number."""
    return Slider(
        text="How many?",
        hints=HINTS,
        why=str,
        least=least,
        most=most,
        step=step,
        key=key,
        within=0,
        write=lambda value: f"{value:g}",
    )


@given(answers=st.lists(st.integers(0, 2)))
def test_a_pick_has_a_bar_an_option(answers):
    """Each with its count; the right one is marked only once it was revealed."""
    rows = bars(PICK, answers, str)
    assert [(row.label, row.count) for row in rows] == [(option, answers.count(at)) for at, option in enumerate(PICK.options)]
    assert [row.is_right for row in rows] == [False, False, True]
    hidden, revealed = (board_html(PICK, answers, is_revealed, str) for is_revealed in (False, True))
    assert "✓" not in hidden and "right" not in hidden and revealed.count("✓") == 1
    assert "<rises>" not in hidden and f"falls: {answers.count(0)}" in hidden


@given(least=st.integers(-5, 5), numbers=st.integers(1, 200), step=st.sampled_from([1, 5, 0.5]), data=st.data())
def test_a_slider_has_a_bar_for_every_part_of_its_range(least, numbers, step, data):
    """No answer is left out, none counted twice, and the truth lies in the part that is marked."""
    most = least + numbers * step
    number = st.integers(0, numbers).map(lambda at: least + at * step)
    key = data.draw(st.floats(least, most))
    answers = data.draw(st.lists(number))
    rows = bars(slider(least, most, step, key), answers, str)
    assert (
        sum(row.count for row in rows) == len(answers) and 1 <= len(rows) <= MOST_PARTS and sum(row.is_right for row in rows) == 1
    )
    ends = [[float(end) for end in row.label.split(" – ")] for row in rows]
    for (first, *_), row in zip(ends, rows, strict=True):
        last = ends[rows.index(row)][-1]
        assert row.count == sum(first <= answer <= last for answer in answers)
        assert not row.is_right or first - step / 2 <= key <= last + step / 2
    assert ends[0][0] == least and ends[-1][-1] == most


@given(answers=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)).map(list)))
def test_a_click_has_bars_of_the_places_that_most_have_clicked(answers):
    """As the file has them, in lists."""
    rows = bars(CLICK, answers, lambda place: f"{place}")
    assert len(rows) == min(MOST_PLACES, len({tuple(answer) for answer in answers})) and all(row.count for row in rows)
    assert [row.count for row in rows] == sorted((row.count for row in rows), reverse=True)
    assert all(row.is_right == (row.label == "(1, 2)") for row in rows)
    right = answers.count([1, 2])
    words = summary(CLICK, answers, 10, True)
    assert words.startswith(f"{right} of {len(answers)} in the class") if answers else words.startswith("Nobody")
    assert summary(CLICK, answers, 10, False).startswith(f"{len(answers)} of 10 ha")


@given(text=st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n\0")))
def test_results_are_a_table_that_runs_nothing(text):
    """Read back, every cell is what was answered; one that a spreadsheet would run has a mark in front."""
    table = results_csv([(2, 1, text, "Which?", "Keen Otter", text, 1, 12.34)]).decode("utf-8-sig")
    head, row = csv.reader(io.StringIO(table))
    assert tuple(head) == COLUMNS and row[:2] == ["2", "1"] and row[6:] == ["yes", "12.3"]
    assert row[2] == row[5] and row[2].removeprefix("'") == text.removeprefix("'") and not row[2].startswith(("=", "+", "-", "@"))
