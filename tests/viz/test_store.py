"""The State of a session: one way to write it, one way to tie a widget to it."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def page() -> None:
    """Three widgets that are tied to settings, and a button that writes two of them from elsewhere."""
    import streamlit as st

    from viz.page import store
    from viz.page.state import State

    if not store.begun():
        store.follow(State(of_views={"height": 2}))
    st.text_input("Text", **store.tied("text", is_typed=True))
    st.toggle("Mask", **store.tied("causal"))
    own = store.tied(key="bold", value=store.state().height > 4, take=lambda on: {"height": 9 if on else 1})
    st.toggle("High", **own)
    st.pills("Compare", ["after", "before"], required=True, **store.tied("compare", "shown", options=True))
    st.button("Elsewhere", key="elsewhere", on_click=store.write, kwargs={"text": "Two dogs.", "height": 5, "causal": True})
    st.markdown(f"{store.state().text} {store.state().change.causal} {store.state().height} {store.state().compare}")


def opened() -> AppTest:
    """The page on its first run."""
    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    return app


def test_a_widget_writes_its_setting_and_shows_what_is_written_elsewhere():
    """Whatever field holds it: shared, of the change, or a view's own."""
    app = opened()
    app.text_input(key="text").set_value("A cat.").run()
    app.toggle(key="causal").set_value(False).run()
    app.toggle(key="bold").set_value(True).run()
    app.pills(key="shown").set_value("before").run()
    assert app.markdown[0].value == "A cat. False 9 before"
    app.button(key="elsewhere").click().run()
    assert app.markdown[0].value == "Two dogs. True 5 before"
    assert app.text_input(key="text").value == "Two dogs." and app.toggle(key="causal").value and app.toggle(key="bold").value


def test_a_browser_that_draws_only_the_second_run_shows_what_the_first_one_told():
    """On a busy server a phone asks again before the first picture is there: no field is empty then, no switch at its own beginning."""
    app = opened()
    app.button(key="elsewhere").click().run().run()
    for _ in range(2):
        assert app.text_input(key="text").proto.default == "Two dogs." and app.toggle(key="causal").proto.set_value
        app.run()


def test_a_field_is_not_told_what_was_typed_into_it():
    """The reader may have typed on while the page was drawn; only what is written elsewhere is sent to the field."""
    app = opened()
    app.text_input(key="text").set_value("A cat.").run()
    assert not app.text_input(key="text").proto.set_value
    app.button(key="elsewhere").click().run()
    assert app.text_input(key="text").proto.set_value and app.text_input(key="text").proto.value == "Two dogs."
