"""The page beside files that are damaged, newer or somewhere else: it stays up and says what it leaves out."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from support.page import captions, words
from support.shipped import longest_piece

from model.instrument.checkpoint import config_hash
from model.instrument.pretrained import load_pretrained, save_pretrained
from viz.page import caches, engine
from viz.views import VIEWS

APP = str(Path(__file__).resolve().parents[2] / "app.py")
SENTENCE = "The cat sat."


def start_with(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page started with this checkpoint, none of it read before."""
    monkeypatch.setattr("sys.argv", ["app.py", "--model", str(folder), "--device", "cpu"])
    st.cache_resource.clear()
    caches.clear()
    return folder


FIRST_MOMENT = "step-00000.safetensors"


def copy_or_link(source: str, target: str) -> None:
    """A copy that a test may damage; weights that none writes to, most of the bytes, as a link."""
    if source.endswith(".safetensors") and not source.endswith(FIRST_MOMENT):
        Path(target).symlink_to(source)
    else:
        shutil.copy(source, target)


@pytest.fixture
def folder(tmp_path, translator, monkeypatch) -> Path:
    """The page started with a copy of the shipped checkpoint that lies elsewhere, under another name, all its files beside it."""
    shutil.copytree(translator.folder, tmp_path / "mine", copy_function=copy_or_link)
    return start_with(tmp_path / "mine", monkeypatch)


@pytest.fixture
def tiny(tmp_path, tiny_folder, monkeypatch) -> Path:
    """The page started with a copy of a tiny checkpoint, all of which may be damaged."""
    shutil.copytree(tiny_folder, tmp_path / "mine")
    return start_with(tmp_path / "mine", monkeypatch)


def run(**query: str) -> AppTest:
    """The page as it opens with these URL parameters; no exception reaches it."""
    app = AppTest.from_file(APP, default_timeout=120)
    for name, value in {"text": SENTENCE, **query}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def shown(app: AppTest) -> str:
    """All HTML of the page."""
    return "\n".join(element.proto.body for element in app.get("html"))


def said(app: AppTest) -> str:
    """All warnings, without the marks of Markdown that escape punctuation."""
    return "\n".join(warning.value for warning in app.warning).replace("\\", "")


def edit(path: Path, bound: bool = False, **changes: object) -> None:
    """Change fields of a JSON file."""
    content = {**json.loads(path.read_text(encoding="utf-8")), **changes}
    if bound:
        content["config_sha256"] = config_hash(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def sibling(folder: Path, name: str, positions: str = "none") -> Path:
    """Another checkpoint beside the first, of its languages."""
    first = load_pretrained(folder, "cpu")
    weights, about = dict(first.model.named_parameters()), {"languages": first.about["languages"]}
    save_pretrained(folder.parent / name, replace(first.model.config, positions=positions), weights, first.tokenizer, about)
    return folder.parent / name


def test_what_lies_beside_a_checkpoint_outside_pretrained_is_found(folder, translator):
    """Roles on held-out sentences, the star of the head that aligns best, the timeline; also by a relative path."""
    app = run(view="roles")
    assert not app.warning and "makes them" not in "".join(captions(app))
    assert any("500 held-out sentences" in str(group.options) for group in app.get("button_group"))
    assert [toggle for toggle in app.toggle if toggle.key == "timeline"]
    assert engine.alignment_head(load_pretrained(folder, "cpu")) == engine.alignment_head(translator) is not None


def test_a_relative_path_finds_the_same(folder, monkeypatch):
    """`--model .` from inside the folder."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.argv", ["app.py", "--model", ".", "--device", "cpu"])
    app = run(view="roles")
    assert any("500 held-out sentences" in str(group.options) for group in app.get("button_group"))


@pytest.mark.parametrize("file", ["roles.json", "alignment.json", "timeline/timeline.json"])
@pytest.mark.parametrize("content", ["{", "[]", "{}", "null"])
def test_a_damaged_measurement_is_a_notice(tiny, file, content):
    """With the file's name; the view that would show it stays up."""
    (tiny / file).parent.mkdir(exist_ok=True)
    (tiny / file).write_text(content)
    for view in ("roles", "all-heads", "one-head"):
        app = run(view=view)
        assert Path(file).name in said(app) and VIEWS[view].sentence[:30] in words(app)
        assert len(app.warning) == 1 and not app.error


def test_heads_that_never_existed_are_not_shown(folder):
    """A measurement of more heads than the model has is left out, and a config.json that says so is an error."""
    alignment = json.loads((folder / "alignment.json").read_text())
    edit(folder / "alignment.json", errors=[row * 2 for row in alignment["errors"]])
    assert "alignment.json" in said(run(view="all-heads"))
    about = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    edit(folder / "config.json", config={**about["config"], "heads": 16})
    st.cache_resource.clear()
    app = run()
    assert "config.json" in app.error[0].value and "16 heads" not in shown(app)


@pytest.mark.parametrize("content", [b"", b"x" * 1000, None])
def test_a_damaged_moment_is_a_notice(folder, translator, content):
    """Cut short, other bytes, or missing: the trained model is shown instead."""
    file = folder / "timeline" / FIRST_MOMENT
    file.write_bytes(content) if content is not None else file.unlink()
    app = run(moment="1")
    assert file.name in said(app) and longest_piece(translator, SENTENCE) in shown(app)
    assert not run(moment="3").warning


BAD_SIBLINGS = {
    "half a file": lambda path: path.write_text("{"),
    "a list": lambda path: path.write_text("[]"),
    "empty": lambda path: path.write_text("{}"),
    "newer": lambda path: edit(path, bound=True, config={**json.loads(path.read_text())["config"], "rope": 10_000}),
    "of unknown positions": lambda path: edit(path, bound=True, config={**json.loads(path.read_text())["config"], "positions": "rotary"}),
    "changed": lambda path: edit(path, config={**json.loads(path.read_text())["config"], "heads": 16}),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD_SIBLINGS)
def test_a_damaged_or_newer_sibling_is_skipped_with_a_notice(tiny, kind):
    """The others are offered; asking for it by link is answered in words."""
    sibling(tiny, "good")
    BAD_SIBLINGS[kind](sibling(tiny, "bad") / "config.json")
    app = run()
    assert "bad" in said(app) and len(app.selectbox(key="picked").options) == 2 and not app.error
    assert "There is no model “bad”" in said(run(model="bad"))


@pytest.mark.parametrize("file", ["weights.safetensors", "tokenizer.model"])
def test_a_sibling_that_cannot_be_loaded_gives_way_to_the_first(tiny, file):
    """Its config.json is whole, so that it is offered; picked, a notice names the file, and the picker shows what is shown."""
    (sibling(tiny, "bad") / file).write_bytes(b"cut short")
    app = run()
    assert not app.warning
    app.selectbox(key="picked").select("bad").run()
    assert not app.exception and not app.error and file in said(app)
    assert (
        app.selectbox(key="picked").value == "mine"
        and longest_piece(load_pretrained(tiny, "cpu"), SENTENCE) in shown(app)
        and "model" not in app.query_params
    )


def test_a_relative_that_cannot_be_loaded_is_not_compared_with(tiny):
    """Positions: a notice names the file where the tables of two kinds of encoding would stand side by side."""
    bad = sibling(tiny, "bad")
    edit(
        bad / "config.json",
        bound=True,
        config={**json.loads((bad / "config.json").read_text())["config"], "positions": "learned"},
    )
    app = run(view="positions", position_part="learned")
    assert "weights.safetensors" in said(app) and not app.error


def test_a_model_that_reads_less_than_the_first_example_opens(tmp_path, tiny_folder, monkeypatch):
    """Eight tokens at most: warming up and the suggested head are not the reader's trouble."""
    first = load_pretrained(tiny_folder, "cpu")
    weights = dict(first.model.named_parameters())
    save_pretrained(tmp_path / "short", replace(first.model.config, max_length=8), weights, first.tokenizer, {})
    start_with(tmp_path / "short", monkeypatch)
    for view in VIEWS:
        text = words(run(view=view, text="Hi"))  # it names no languages: its sentences may be those of any model
        assert VIEWS[view].sentence[:30] in text or VIEWS[view].general[:30] in text, view
    assert "at most 8" in run(text="The animal did not cross the street because it was tired.").info[0].value
