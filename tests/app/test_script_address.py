"""The address and the script of the page: what it follows, what it writes, what it refuses and in which words."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest
from support.page import captions, choose, run, shown

from viz.page.address import LONGEST, fitting
from viz.page.link import FOREIGN, MOST_NOTICES, Link
from viz.page.params import MOST_ENTRIES
from viz.views import VIEWS

LINK = Link({slug: view.params for slug, view in VIEWS.items()})
EVIL = (
    "[sign in](http://evil.example/)",
    "![x](http://evil.example/x.png)",
    "<b>x</b>",
    "www.evil.example",
    ":red[x] :smile:",
    "a\n# Title",
)
PLACES = {  # for every widget that remembers more than one run: an address that sets it
    "one-head": {"kind": "encoder", "layer": "2", "head": "3", "paint": "layer"},
    "lines": {"kind": "encoder", "layer": "2", "head": "3", "heads": "1,3"},
    "roles": {"label": "distance", "held_out": "off"},
    "tokens": {"side": "decoder", "token": "2"},
    "embeddings": {"side": "decoder", "space": "3d", "lengths": "on", "token": "2"},
    "positions": {"side": "decoder", "position_part": "laboratory", "order": "2"},
    "layers": {"side": "decoder", "layer_part": "norm", "site": "3"},
    "output": {"output_part": "loss", "output_temperature": "2", "row": "2"},
    "decoding": {"decoding_part": "beam", "beam": "3"},
    "knockout": {"knockout_part": "layers", "knockout_word": "2"},
    "pair": {"second": "The dog sat.", "kind": "encoder", "layer": "2"},
    "patch": {
        "second": "The dog sat.",
        "side": "decoder",
        "patch_part": "across",
        "patch": "encoder.residual.3.*.2:The dog sat.",
    },
    "all-heads": {
        "target": "Le chat dort.",
        "causal": "off",
        "lab": "on",
        "temperature": "2",
        "window": "3",
        "words": "on",
        "sinks": "hide",
    },
}


def widgets(app: AppTest) -> dict[str, object]:
    """Key -> value of everything that the reader can set."""
    kinds = (
        app.text_area,
        app.toggle,
        app.segmented_control,
        app.pills,
        app.selectbox,
        app.slider,
        app.select_slider,
        app.number_input,
        app.multiselect,
    )
    return {widget.key: widget.value for kind in kinds for widget in kind}


def go(app: AppTest, **query: str) -> AppTest:
    """The reader goes back or forward to this address."""
    app.query_params = dict(query)
    return app.run()


@pytest.mark.parametrize("view", list(PLACES))
def test_the_page_shows_what_its_address_says_also_after_another(view):
    """Every widget and every word is that of a page which was opened at the address."""
    there = {"view": view, "text": "The cat sat on the mat.", **PLACES[view]}
    back = {"view": view, "text": "Two dogs are playing."}
    app = run(**back)
    go(app, **there)
    fresh = run(**there)
    assert not app.exception and widgets(app) == widgets(fresh) and app.query_params == fresh.query_params
    again, other = go(app, **back), run(**back)
    assert not again.exception and widgets(again) == widgets(other) and again.query_params == other.query_params
    assert "dogs" in shown(again) and "·cat" not in shown(again)


def test_every_view_with_memory_is_in_the_list_above():
    """The others have nothing of their own to set but the head, as One head has."""
    assert set(VIEWS) - set(PLACES) == {"steps", "qkv", "joined", "origin", "recurrent"}


def test_what_the_reader_did_is_kept_in_the_address_and_not_undone_by_it():
    """A click after going back counts from there; the page goes on from the address, not from where it was."""
    app = run(text="The cat sat.", view="one-head")
    go(app, text="The cat sat.", view="tokens")
    app.text_area(key="text").set_value("A dog ran.").run()
    assert app.query_params == {"text": "A dog ran.", "view": "tokens"} and "·dog" in shown(app)
    choose(app, lab=True).toggle(key="causal").set_value(False).run()
    assert app.query_params["causal"] == "off" and app.query_params["text"] == "A dog ran."


@pytest.mark.parametrize("text", ["", "   ", "\u200b", "word " * 2000, "</s>" * 600, "é" * 3000])
@pytest.mark.parametrize("name", ["text", "target", "second"])
def test_text_that_cannot_be_read_is_in_the_address_and_comes_back(name, text):
    """Empty, blank, invisible or too long: the address follows what is typed, and a reload finds it in its field."""
    more = {"text": {}, "target": {"target": "Le chat."}, "second": {"view": "pair", "second": "The dog sat."}}[name]
    app = run(**{"text": "The cat sat.", **more})
    app.text_area(key=name).set_value(text).run()
    assert not app.exception and app.query_params.get(name, "") == text
    again = AppTest.from_file(app._script_path, default_timeout=120)
    again.query_params = dict(app.query_params)
    again.run()
    fields = {field.key: field.value for field in again.text_area}
    assert not again.exception and fields.get(name, "") == text
    assert again.query_params == app.query_params


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("name", ["model", "view", "strange", "cut", "EVIL"])
def test_what_a_link_says_is_repeated_as_text(name, evil):
    """Names and values alike; no mark of Markdown is left bare."""
    app = run(**({evil: "1"} if name == "EVIL" else {name: evil}))
    assert not app.exception and len(app.warning) == 1
    said = app.warning[0].value
    assert not re.search(r"[`*\[\]{}<>~$|&!\n]", re.sub(r"\\.", "", said)), said
    assert not re.search(r"https?://|www\.|:[\w+-]+:", said.replace("\\", "")), said


def test_names_are_cut_and_notices_are_few():
    """At most five, the last of which counts the others; a name of 5,000 characters is not repeated."""
    app = run(**{f"strange{at}" + "x" * 5000: "y" * 5000 for at in range(40)}, model="z" * 5000)
    assert len(app.warning) == MOST_NOTICES
    assert all(len(notice.value) < 200 for notice in app.warning)
    assert "37 more" in app.warning[-1].value and set(app.query_params) == {"view"}


def test_a_model_that_is_not_there_is_said_once_and_leaves_the_address():
    """The notice does not come back with every click, and the link that is shared names no such model."""
    app = run(model="third", text="The cat sat.")
    assert "There is no model “third” here" in app.warning[0].value and "model" not in app.query_params
    choose(app, lab=True)
    assert not app.warning


@pytest.mark.parametrize(
    "foreign",
    [
        "utm_source",
        "UTM_CAMPAIGN",
        "fbclid",
        "gclid",
        "msclkid",
        "mc_eid",
        "_ga",
        "_hsenc",
        "igshid",
        "ref",
        "embed",
        "embed_options",
    ],
)
def test_parameters_of_others_are_passed_over_in_silence(foreign):
    """Mail programs and social networks hang them on; they say nothing to this page, and it says nothing to them."""
    app = run(**{foreign: "[x](http://evil.example)", "text": "Hello"})
    assert not app.exception and not app.warning and app.text_area(key="text").value == "Hello"
    assert foreign not in app.query_params or foreign.startswith("embed")


def test_no_parameter_of_our_own_is_passed_over():
    """None of ours is taken for a stranger's."""
    assert not [name for name in LINK.params if FOREIGN.fullmatch(name)]


def test_lists_from_the_address_name_everything_once_and_are_bounded():
    """8,000 times the same head is that head; 7,200 links are as many as the page keeps, and it says so."""
    app = run(view="lines", heads=",".join(["1"] * 8000))
    assert not app.exception and not app.warning and app.query_params["heads"] == "1"
    many = ",".join(f"encoder.{layer}.{query}.{key}" for layer in (1, 2) for query in range(1, 61) for key in range(1, 61))
    app = run(cut=many, heads_off=",".join(["cross.1.1"] * 3000), text=" ".join(["dog"] * 60))
    assert not app.exception and len(app.query_params["heads_off"].split(",")) == 1
    assert len(app.query_params.get("cut", "").split(",")) <= MOST_ENTRIES
    app = run(view="decoding", forced=",".join(["2.812"] * 5000), text="The cat sat.")
    assert not app.exception and app.query_params["forced"] == "2.812"


def test_pieces_of_a_translation_from_the_address_are_text_in_captions():
    """The caption of a row repeats the piece that it produces."""
    for row in range(1, 9):
        app = run(view="output", target="[x] `b` *c* $d$", text="Hello", row=str(row))
        said = next(caption for caption in captions(app) if "has rank" in caption)
        assert not re.search(r"[`*\[\]$]", re.sub(r"\\.", "", said)), said


typed_texts = st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=8), st.integers(0, 20_000))


@given(texts=st.dictionaries(st.sampled_from(LINK.typed_names), typed_texts), cut=st.integers(0, 500))
def test_every_address_can_be_opened(texts, cut):
    """Within the limit of a server; what fits is as it was, and of a typed text that is cut the beginning is left."""
    query = {**texts, "view": "lines", "cut": ",".join(["encoder.1.1.1"] * cut)}
    found = fitting(query, LINK.typed_names)
    assert len(urlencode(found)) <= LONGEST and found.keys() == query.keys()
    assert all(text.startswith(found[name]) if name in LINK.typed_names else text == found[name] for name, text in query.items())
    if len(urlencode(query)) <= LONGEST:
        assert found == query
