"""Parts of views: what they are called and which words they choose from."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from model.trace.tokens import Tokens
from viz.charts.parts.words import LONG
from viz.page.parts.pickers import pick_labels


def test_words_of_a_long_sentence_carry_their_number():
    """In a list a repeated word would not say which one it is."""
    few, many = (
        pick_labels(Tokens("a" * count, [9] * count, ["▁a"] * count, [*range(count)], [(at, at + 1) for at in range(count)]))
        for count in (LONG, LONG + 1)
    )
    assert len(set(few.values())) == 1 and list(few) == list(range(LONG))
    assert len(set(many.values())) == LONG + 1 and many[0].startswith("1 · ") and many[LONG].startswith(f"{LONG + 1} · ")


def pick(count: int, most: int) -> AppTest:
    """A page with one choice of so many things."""

    def page(count: int, most: int) -> None:
        import streamlit as st

        from viz.page import store
        from viz.page.parts.pickers import pick_one
        from viz.page.state import State

        if not store.begun():
            store.follow(State())
        options = {at: f"*{at}*" for at in range(count)}
        pick_one("Which", options, store.state().token or 0, "which", lambda at: {"token": at}, most=most)
        st.write(f"token {store.state().token}")

    return AppTest.from_function(page, args=(count, most), default_timeout=60).run()


def test_a_few_things_are_buttons_and_many_a_list():
    """A choice is written into the settings; labels of buttons are plain text, not Markdown."""
    few = pick(3, 3)
    assert not few.exception and not few.selectbox and few.get("button_group")[0].options[1] != "*1*"
    few.get("button_group")[0].set_value(2).run()
    assert "token 2" in few.markdown[0].value
    many = pick(4, 3)
    assert not many.exception and many.selectbox[0].options == ["*0*", "*1*", "*2*", "*3*"]
    many.selectbox[0].select_index(3).run()
    assert "token 3" in many.markdown[0].value


def test_a_card_has_a_title_only_where_it_is_given_one():
    """Its text is escaped; a caption stands under it."""

    def page() -> None:
        import streamlit as st

        from viz.page.parts.cards import card

        with card("one", "1 < 2", "A line.", test="one-title"):
            st.write("inside")
        with card("two"):
            st.write("bare")

    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception and [caption.value for caption in app.caption] == ["A line."]
    assert [element.proto.body for element in app.get("html")] == [
        '<h2 class="head-title card-title" data-testid="one-title">1 &lt; 2</h2>'
    ]
