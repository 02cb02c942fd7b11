"""Present: the order of the walk, and what is said on the wall."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from viz.page.present import first_sentence, order
from viz.page.scene import GROUPS
from viz.views import VIEWS

TWO_LINES = 150  # letters of a sentence that stands on two lines of the wall


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
