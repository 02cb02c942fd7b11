"""Present: the order of the walk, what is said on the wall, and QR codes."""

from __future__ import annotations

import segno
from hypothesis import given
from hypothesis import strategies as st

from viz.page.present import first_sentence, order
from viz.page.qr_code import MOST, qr_rows
from viz.page.scene import GROUPS
from viz.views import VIEWS

TWO_LINES = 150  # letters of a sentence that stands on two lines of the wall
FINDER = ("1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111")  # ISO/IEC 18004, 6.3.3


def test_the_walk_leads_through_all_views_in_the_order_of_the_computation():
    """Each once; the groups of the rail never go back."""
    slugs = order(VIEWS)
    assert sorted(slugs) == sorted(VIEWS)
    groups = [GROUPS.index(VIEWS[slug].group) for slug in slugs]
    assert groups == sorted(groups) and groups[0] == 0


def test_a_wall_says_one_sentence_of_every_view():
    """The first one, whole, and not too long for two lines."""
    for view in VIEWS.values():
        sentence = first_sentence(view.sentence)
        assert view.sentence.startswith(sentence) and sentence.endswith((".", "?")) and len(sentence) <= TWO_LINES


@given(st.lists(st.from_regex(r"[A-Z][a-z0-9 ,.]*[a-z0-9]\.", fullmatch=True), min_size=1, max_size=4))
def test_the_first_sentence_is_the_beginning_of_a_text(sentences):
    """Nothing is lost in front of it, and nothing added; the only sentence of a text stays whole."""
    text = " ".join(sentences)
    first = first_sentence(text)
    assert text.startswith(first) and first.endswith(".") and ". " not in first


def test_a_qr_code_says_an_address():
    """Its three finder patterns and its timing stand where the standard has them; another address is another code."""
    rows = qr_rows("http://192.168.1.20:8501/?view=one-head&kind=cross&layer=4")
    size = len(rows)
    assert size % 4 == 1 and {len(row) for row in rows} == {size} and set("".join(rows)) == {"0", "1"}
    for down, across in ((0, 0), (0, size - 7), (size - 7, 0)):
        assert tuple(row[across : across + 7] for row in rows[down : down + 7]) == FINDER
    assert rows[6][8 : size - 8] == ("10" * size)[: size - 16]
    assert rows != qr_rows("http://192.168.1.20:8501/?view=one-head&kind=cross&layer=5")


def test_the_longest_address_of_a_qr_code():
    """One letter more has none."""
    assert len(qr_rows("a" * MOST)) == 177 and qr_rows("a" * (MOST + 1)) == ()
    assert segno.make_qr("a" * MOST, error="l").version == 40
