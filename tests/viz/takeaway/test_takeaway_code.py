"""Scripts and notebooks: they run from the top to the end, and make the very pass again."""

from __future__ import annotations

import ast
import json

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import costly, interventions, sentences

import model
from model.trace.intervention import Intervention
from model.trace.places import within
from viz.takeaway import Code, Parcel, Picture, Recipe
from viz.takeaway.arrays import arrays
from viz.takeaway.changing import change_call
from viz.takeaway.code import FILE, as_notebook, as_script


def parcel(recipe: Recipe, picture: Picture | None = None, lines: tuple[str, ...] = ()) -> Parcel:
    """What is taken away of a page."""
    return Parcel("One head", lines, "http://127.0.0.1:8501/?view=one-head", recipe, lambda: None, picture)


def executed(source: str) -> dict:
    """The namespace that code leaves."""
    namespace: dict = {}
    exec(compile(source, "<code>", "exec"), namespace)
    return namespace


def cells(notebook: str) -> str:
    """The code of a notebook."""
    found = json.loads(notebook)["cells"]
    return "\n".join("".join(cell["source"]) for cell in found if cell["cell_type"] == "code")


@given(interventions)
def test_a_change_is_written_as_the_call_that_makes_it(change):
    """There and back; nothing that is at its default is written."""
    call = change_call(change)
    assert eval(call, {"Intervention": Intervention}) == change
    assert {keyword.arg for keyword in ast.parse(call, mode="eval").body.keywords} == change.changed_fields


@costly
@given(text=sentences, change=interventions, mode=st.sampled_from(["free", "forced", "own"]))
def test_script_and_notebook_make_the_very_pass_again(tiny_translator, text, change, mode):
    """Any sentence, any change, the model's own translation or a given one."""
    source = tiny_translator.source(text)
    change = within(change, tiny_translator.anatomy, len(source), 1)
    labels = {"free": None, "forced": tiny_translator.translate_tokens(source), "own": "The animal"}[mode]
    wanted = tiny_translator.trace(text, target=labels, intervention=change)
    recipe = Recipe("tiny", "", text, change, "The animal" if mode == "own" else None, mode == "forced")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "load_pretrained", lambda name: {"tiny": tiny_translator}[name])
        for source_code in (as_script(parcel(recipe)), cells(as_notebook(parcel(recipe)))):
            made = executed(source_code)["trace"]
            assert made.intervention == wanted.intervention and made.labels.ids == wanted.labels.ids
            for name, array in arrays(wanted).items():
                numpy.testing.assert_array_equal(arrays(made)[name], array, err_msg=name)


def test_a_moment_of_the_training_is_made_again(translator, monkeypatch):
    """The weights of then, not of now."""
    monkeypatch.setattr(model, "load_pretrained", lambda name: translator)
    made = executed(as_script(parcel(Recipe("en-fr", "", "The cat sat.", moment=0))))
    assert made["translator"].about["weights_sha256"] == made["moments"][0].sha256 != translator.about["weights_sha256"]
    assert made["trace"].labels.ids == made["translator"].trace("The cat sat.").labels.ids


def test_a_picture_is_made_and_left_in_a_file(tiny_translator, monkeypatch, tmp_path):
    """The script writes it; the notebook ends in it."""
    monkeypatch.setattr(model, "load_pretrained", lambda name: tiny_translator)
    monkeypatch.chdir(tmp_path)
    code = Code("head_heatmap(trace, 'cross', 0, 0)", {"viz.charts": {"head_heatmap"}})
    picture = Picture("head", "One head", "figure", b"", code=code)
    made = executed(as_script(parcel(Recipe("tiny", "", "The animal."), picture)))
    assert made["picture"].data[0].type == "heatmap" and "plotly" in (tmp_path / FILE).read_text("utf-8").lower()
    notebook = as_notebook(parcel(Recipe("tiny", "", "The animal."), picture))
    assert cells(notebook).endswith("\npicture")


@given(st.text(max_size=40))
def test_a_notebook_is_well_formed_whatever_was_typed(text):
    """nbformat 4.5, no results, ids of their own, and no text is Markdown, HTML or code of its own."""
    notebook = json.loads(as_notebook(parcel(Recipe("tiny", "", text), lines=(f"English: {text}",))))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    names = [cell["id"] for cell in notebook["cells"]]
    assert len(set(names)) == len(names)
    for cell in notebook["cells"]:
        assert cell["cell_type"] == "markdown" or (cell["outputs"] == [] and cell["execution_count"] is None)
    title = "".join(notebook["cells"][0]["source"])
    assert "<script" not in title and len(title.split("\n\n")) == 3
    ast.parse(as_script(parcel(Recipe("tiny", "", text), lines=(f"English: {text}",))))
