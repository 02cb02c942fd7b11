"""Captions: words of the field are links, and what a reader sees of a caption is what was written."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from viz.page.glossary import MEANINGS, TERMS
from viz.page.parts.captions import linked
from viz.views import VIEWS

LINK = re.compile(r"\[([^\]]*)\]\(\?view=([\w-]+)\)")
words = st.sampled_from(
    [
        *(form for term in TERMS for form in term.forms),
        "a",
        "word",
        "of",
        "`logit`",
        "[logit](https://x.org)",
        "$softmax$",
        "`",
        "(",
    ]
)


@given(st.lists(words, max_size=12))
def test_a_caption_reads_as_it_was_written(parts):
    """Without its links it is the same text; each link is a word of the field, said once, and leads to a view."""
    text = " ".join(parts)
    marked = linked(text)
    assert LINK.sub(r"\1", marked) == text
    found = LINK.findall(marked)
    assert all(word.lower() in MEANINGS and view in VIEWS for word, view in found)
    assert len({MEANINGS[word.lower()] for word, _ in found}) == len(found)


def test_code_links_and_formulas_stay():
    """What stands in backticks, in a link or in a formula is not touched; what stands beside them is."""
    assert linked("`logit` and [softmax](https://x.org) of $entropy$") == "`logit` and [softmax](https://x.org) of $entropy$"
    assert linked("Nats, and `nats`.") == "[Nats](?view=output), and `nats`."
