"""The gap as HTML: whose bar is whose, one scale for all of them, and text that stays text."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from viz.page.gaps import gap
from viz.page.lesson import SIGNS, Click, Measure, Measures, Pick, Slider
from viz.theme import number

HINTS = ("a.", "b.", "c.")
OPTIONS = ("<b>one</b>", "two & three", "four")
VALUES = st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3)


def pick(values: list[float], key: int = 1) -> Pick:
    """A question with a number an option."""
    measures = Measures.of("Height <m>", OPTIONS, values, number)
    return Pick(text="Which?", hints=HINTS, why=str, options=OPTIONS, key=key, measures=measures)


def rows(text: str) -> list[str]:
    """HTML of every bar, in order."""
    return re.findall(r"<li .*?</li>", text)


def places(text: str) -> list[tuple[float, float, float]]:
    """Of every bar where it begins and ends, and where 0 is, in per cent of the line."""
    numbers = re.findall(r"left: ([\d.]+)%; width: ([\d.]+)%.*?left: ([\d.]+)%", text)
    return [(float(left), float(left) + float(width), float(zero)) for left, width, zero in numbers]


@given(values=VALUES)
def test_bars_stand_on_one_scale_with_zero_in_it(values):
    """Those below 0 end there, the others begin there, and their lengths are to each other as the numbers are."""
    bars = places(gap(pick(values), 0))
    low, high = min(0.0, *values), max(0.0, *values)
    assert len({zero for _, _, zero in bars}) == 1 and len(bars) == 3
    for value, (left, right, zero) in zip(values, bars, strict=True):
        assert -0.11 <= left <= right <= 100.11 and abs((left if value >= 0 else right) - zero) < 0.11
        assert abs((right - left) - 100 * abs(value) / ((high - low) or 1)) < 0.11


def test_rows_say_whose_they_are():
    """The one that was chosen and the right one; both in one where they are the same; nobody's where nobody has guessed."""
    asks = pick([0.5, -2.0, 3.0])
    you, model = ">you<", ">the model<"
    for answer in (0, 1, 2, None):
        for at, row in enumerate(rows(gap(asks, answer))):
            assert ((you in row), (model in row)) == (at == answer, at == asks.key)
    assert "−2.00" in rows(gap(asks, 0))[1]


def test_text_stays_text():
    """Options and what was measured are escaped."""
    text = gap(pick([1, 2, 3]), 0)
    assert "&lt;b&gt;one&lt;/b&gt;" in text and "two &amp; three" in text and "Height &lt;m&gt;" in text and "<b>one" not in text


def test_before_and_after_belong_to_nobody():
    """A line under them says what was answered, where there is an answer."""
    asks = Pick(
        text="?", hints=HINTS, why=str, options=SIGNS, key=2, measures=Measures.apart("Loss", {"before": 1, "after": 2}, number)
    )
    text = gap(asks, 0)
    assert len(rows(text)) == 2 and "you <b>falls</b> · the model <b>rises</b>" in text and "gap-mark" not in text
    assert "falls" not in gap(asks, None) and len(rows(gap(asks, None))) == 2


def test_a_place_stands_beside_the_right_one():
    """Where it was the right one, alone; where nobody has clicked, the right one."""

    def measures(place: tuple) -> Measures:
        return Measures("Weight", [Measure(str(at), at[0] / 4, number(at[0] / 4), at) for at in dict.fromkeys((place, (3, 1)))])

    asks = Click(text="Where?", hints=HINTS, why=str, what="cell", keys={(3, 1)}, has=lambda place: True, measures=measures)
    assert ["you" in row for row in rows(gap(asks, (1, 2)))] == [True, False]
    (row,) = rows(gap(asks, (3, 1)))
    assert "you" in row and "the model" in row
    (row,) = rows(gap(asks, None))
    assert "you" not in row and "the model" in row


def test_where_there_is_nothing_to_draw_there_is_nothing():
    """A slider has its line once there is a guess; a statement that no numbers decide has none."""
    slider = Slider(
        text="?", hints=HINTS, why=str, least=0, most=10, step=1, key=4, within=0, write=lambda value: f"{value} dogs"
    )
    assert gap(slider, None) == "" and 'aria-label="Your guess: 9 dogs; the model: 4 dogs"' in gap(slider, 9)
    assert gap(Pick(text="?", hints=HINTS, why=str, options=SIGNS, key=2), 0) == ""
