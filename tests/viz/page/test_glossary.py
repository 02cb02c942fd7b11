"""Words of the field: each is found where it stands, means something, and leads to a view; whatever is in a sentence stays text."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viz.page.glossary import TERMS, terms_in
from viz.page.sentences import glossary_html, sentence_html
from viz.views import VIEWS


def text_of(markup: str) -> str:
    """What a reader sees."""
    return html.unescape(re.sub("<[^>]+>", "", markup))


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.name)
def test_a_word_has_one_sentence_and_a_view(term):
    """It is found in a sentence, at its start too, and not inside another word."""
    assert term.sentence.endswith(".") and term.view in VIEWS
    for form in term.forms:
        for text in (f"Look at {form}.", f"{form[0].upper()}{form[1:]} is here."):
            assert [found.name for _, _, found in terms_in(text)] == [term.name], text
        assert term.name not in [found.name for _, _, found in terms_in(f"x{form}x y-{form}")]


def test_names_and_forms_are_told_apart():
    """No two terms share a form."""
    forms = [form for term in TERMS for form in term.forms]
    assert len(set(forms)) == len(forms) and len({term.name for term in TERMS}) == len(TERMS)


@given(text=st.text(max_size=60) | st.lists(st.sampled_from(["softmax", "<b>", "&", "Logits", "nats,", "x"])).map(" ".join))
def test_nothing_of_a_sentence_is_lost(text):
    """Underlined or not, a sentence reads as it was, and what looks like HTML is text."""
    markup = sentence_html(text)
    assert text_of(markup) == text
    assert set(re.findall(r"<(\w+)", markup)) <= {"a"}


def test_a_word_is_underlined_once_in_a_sentence():
    """Its first place; the link says what it means and where it is shown."""
    markup = sentence_html("Softmax of softmax, in nats.")
    assert markup.count("<a ") == 2 and markup.count('data-view="steps"') == 1 and 'class="term"' in markup
    assert markup.startswith('<a class="term" href="?view=steps"') and "shares that sum to 1" in markup


def test_the_list_has_all_of_them():
    """And most views have such words in their sentence."""
    assert all(html.escape(term.sentence) in glossary_html() for term in TERMS)
    assert sum(bool(terms_in(view.sentence)) for view in VIEWS.values()) >= 5
