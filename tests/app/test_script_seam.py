"""A view comes and goes with its file and its line: the page, the address and the notices follow, and nothing else is edited."""

from __future__ import annotations

import pytest
import streamlit as st
from support.page import choose, offered, run, shown, words

from viz.page import params, store
from viz.page.link import Link
from viz.page.scene import Scene, View
from viz.views import VIEWS

SLUG = "waves"


def draw(scene: Scene) -> None:
    """A view with one widget, tied to its own setting, and one that writes it."""
    st.slider("Height", 1, 9, **store.tied("height"))
    st.button("Calm", key="calm", on_click=store.write, kwargs={"height": 1})
    st.html(f'<p data-testid="waves">{scene.settings.height} over {len(scene.trace.source)} tokens</p>')


WAVES = View(
    SLUG,
    "Waves",
    "A view that no file of the page knows.",
    draw,
    params=(params.count("height", 1, 9, 2, "how high the waves are"),),
    style=".waves { color: var(--ink); }",
    lines=lambda scene: [f"Height: {scene.settings.height}"],
)


@pytest.fixture(autouse=True)
def the_order_of_the_views():
    """A view that a test took out comes back where it was: the first one is what the page opens with."""
    views = dict(VIEWS)
    yield
    VIEWS.clear()
    VIEWS.update(views)


def test_a_view_with_a_setting_of_its_own_needs_no_other_edit():
    """It is offered, drawn and styled; its setting comes from the address, is tied to its widget, and goes back into the address."""
    VIEWS[SLUG] = WAVES
    app = run(view=SLUG, text="The cat sat.", height="5", lab="on")
    assert not app.exception and not app.warning and WAVES.title in offered(app)
    assert WAVES.sentence in shown(app) and "5 over" in shown(app) and WAVES.style in shown(app)
    app.slider(key="height").set_value(7).run()
    assert app.query_params["height"] == "7" and "7 over" in shown(app)
    app.toggle(key="causal").set_value(False).run()
    assert app.query_params["height"] == "7" and app.query_params["causal"] == "off"
    app.button(key="calm").click().run()
    assert app.query_params["height"] == "1" and app.slider(key="height").value == 1
    choose(app, view="tokens")
    assert not app.exception and app.query_params["height"] == "1" and "waves" not in shown(app).split("</style>")[-1]


def test_what_a_link_says_wrong_of_it_is_named():
    """In the words that every setting has; the page shows the default."""
    VIEWS[SLUG] = WAVES
    app = run(view=SLUG, text="The cat sat.", height="50")
    assert [notice.value for notice in app.warning] == [
        "The link says height=50, which this page does not know; it was left out."
    ]
    assert "2 over" in shown(app) and "height" not in app.query_params


def test_without_the_view_its_setting_is_unknown():
    """Nobody declares it, so the address cannot carry it."""
    app = run(view=SLUG, text="The cat sat.", height="5", lab="on")
    assert not app.exception and len(app.warning) == 2 and not {"height", "view"} & set(app.query_params)


@pytest.mark.parametrize(
    "slug, query", [("patch", {"patch_part": "across"}), ("decoding", {"beam": "3"}), ("one-head", {"paint": "all"})]
)
def test_a_view_can_be_taken_out(slug, query):
    """The page does not offer it, its settings are not known any more, and the link says so."""
    title = VIEWS[slug].title
    del VIEWS[slug]
    app = run(view=slug, text="The cat sat.", **query)
    assert not app.exception and title not in offered(app)
    named = [f"The link says {name}={value}" for name, value in {"view": slug, **query}.items()]
    assert len(app.warning) == 2 and all(any(name in notice.value for notice in app.warning) for name in named)
    assert set(app.query_params) == {"text"} and VIEWS["all-heads"].sentence[:30] in words(app)


@pytest.mark.parametrize("slug", list(VIEWS))
def test_every_view_can_stand_alone(slug):
    """With all others taken out the page opens with it, and the address need not say so."""
    for other in set(VIEWS) - {slug}:
        del VIEWS[other]
    app = run(text="The cat sat.")
    assert not app.exception and not app.warning and offered(app) == [VIEWS[slug].title]
    assert "view" not in app.query_params and VIEWS[slug].sentence[:30] in words(app)


def test_settings_of_a_view_stand_in_its_own_file():
    """Without a view the address knows exactly its settings less."""
    whole = Link({slug: view.params for slug, view in VIEWS.items()})
    for slug, view in VIEWS.items():
        without = Link({other: VIEWS[other].params for other in VIEWS if other != slug})
        assert set(whole.params) - set(without.params) == {param.name for param in view.params}
