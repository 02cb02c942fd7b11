"""The files of a checkpoint: every field of config.json is held to its type, its range, the weights and its hash."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save
from support.tiny import SENTENCES, tiny_model

from model import load_pretrained
from model.instrument import checkpoint
from model.instrument.checkpoint import CONFIG, FOLDER, TOKENIZER, WEIGHTS, checkpoint_folder, read_config, write_config
from model.instrument.pretrained import CheckpointError, TokenizerMismatchError, WeightsMismatchError, save_pretrained
from model.instrument.tokenizer import Tokenizer
from model.measuring import bind
from model.transformer.config import Config

ABOUT = {
    "name": "tiny", "languages": {"source": "English", "target": "French"},
    "training": {"steps": 3, "tokens": 99, "seconds": 1.5, "dev_loss": 5.4, "hardware": "a test"},
}  # fmt: skip


@pytest.fixture(scope="module")
def saved(tokenizer, tmp_path_factory) -> Path:
    """A saved tiny checkpoint of 2 + 3 layers with 4 heads. Not to be written to."""
    folder, model = tmp_path_factory.mktemp("saved") / "tiny", tiny_model(tokenizer)
    save_pretrained(folder, model.config, dict(model.named_parameters()), tokenizer, ABOUT)
    return folder


@pytest.fixture
def folder(saved, tmp_path) -> Path:
    """A copy of it to change."""
    return Path(shutil.copytree(saved, tmp_path / "tiny"))


def changed(folder: Path, bound: bool, config: dict | None = None, **about: object) -> None:
    """Change config.json; bound: with the hash that belongs to the change, as one who means it would write it."""
    content = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    content = {**content, **about, "config": {**content["config"], **(config or {})}}
    if bound:
        content["config_sha256"] = checkpoint.config_hash(content)
    (folder / CONFIG).write_text(json.dumps(content), encoding="utf-8")


IMPOSSIBLE = [  # (field, value): of another type, or out of range
    ("heads", 5), ("heads", 0), ("heads", True), ("heads", "4"), ("heads", 4.0), ("heads", None), ("heads", [4]),
    ("d_model", -32), ("d_model", 10**9), ("encoder_layers", 10**6), ("decoder_layers", 0), ("d_ff", {}), ("d_ff", 10**9),
    ("vocabulary_size", 0), ("vocabulary_size", "many"), ("max_length", 10**6), ("max_length", 0), ("max_length", 499.5),
    ("pad_id", "x"), ("pad_id", -1), ("pad_id", 10**6), ("pad_id", False), ("pad_id", None),
    ("positions", "rotary"), ("positions", None), ("positions", ["none"]), ("positions", {}),
    ("dropout", 1.0), ("dropout", -0.1), ("dropout", "0.1"), ("dropout", True), ("dropout", None), ("norm_first", 1), ("norm_first", "no"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), IMPOSSIBLE, ids=str)
def test_a_field_that_cannot_be_is_named(folder, name, value):
    """By type and range, with the file and the field, even where the hash belongs to it."""
    changed(folder, True, {name: value})
    with pytest.raises(CheckpointError, match=f"(?s){CONFIG}.*{name}.*Restore"):
        load_pretrained(folder, "cpu")


DIFFERENT = [
    {"d_model": 64}, {"encoder_layers": 3}, {"decoder_layers": 2}, {"d_ff": 63}, {"vocabulary_size": 379}, {"norm_first": False},
    {"positions": "learned"},
]  # fmt: skip


@pytest.mark.parametrize("change", DIFFERENT, ids=str)
def test_what_the_weights_tell_otherwise_is_named(folder, change):
    """A model of another shape: the field, what config.json says and what the weights say."""
    changed(folder, True, change)
    with pytest.raises(WeightsMismatchError, match=f"{next(iter(change))} is"):
        load_pretrained(folder, "cpu")


def test_learned_positions_tell_their_kind_and_how_many_they_are(tmp_path, tokenizer):
    """The table is in the weights."""
    model = tiny_model(tokenizer, positions="learned", max_length=40)
    for change in ({"positions": "none"}, {"positions": "sinusoidal"}, {"max_length": 41}, {"max_length": 39}):
        save_pretrained(tmp_path, model.config, dict(model.named_parameters()), tokenizer, {})
        changed(tmp_path, True, change)
        with pytest.raises(WeightsMismatchError, match=next(iter(change))):
            load_pretrained(tmp_path, "cpu")


UNTOLD = [{"heads": 16}, {"heads": 2}, {"positions": "none"}, {"max_length": 400}, {"dropout": 0.3}]


@pytest.mark.parametrize("change", [*UNTOLD, *DIFFERENT], ids=str)
def test_a_field_that_was_changed_is_found_by_the_hash(folder, change):
    """Heads, sinusoidal positions and the longest sentence leave no trace in the weights: the hash binds them."""
    changed(folder, False, change)
    with pytest.raises(CheckpointError, match=f"{CONFIG} does not fit together: it was changed"):
        load_pretrained(folder, "cpu")


ABOUTS = [
    {"languages": {"source": "German", "target": "French"}}, {"name": "other"}, {"training": {"steps": 4}}, {"note": "new"},
]  # fmt: skip


@pytest.mark.parametrize("about", ABOUTS, ids=str)
def test_the_rest_of_the_file_is_bound_too(folder, about):
    """Languages choose the family, steps the end of a timeline."""
    changed(folder, False, **about)
    with pytest.raises(CheckpointError, match="was changed"):
        read_config(folder)
    changed(folder, True, **about)
    assert read_config(folder)[next(iter(about))] == next(iter(about.values()))


WRONG_ABOUTS = [
    {"languages": "French"}, {"languages": {"source": "English"}}, {"languages": {"source": 1, "target": 2}}, {"name": ["x"]},
    {"name": "x" * 1000}, {"training": []}, {"training": {"steps": "many"}}, {"training": {"steps": -1}}, {"training": {"tokens": 1.5}},
    {"training": {"dev_loss": "low"}}, {"training": {"seconds": None}}, {"training": {"hardware": 3}},
    {"weights_sha256": 5}, {"weights_sha256": "abc"}, {"tokenizer_sha256": None}, {"tokenizer_sha256": "Z" * 64},
]  # fmt: skip


@pytest.mark.parametrize("about", WRONG_ABOUTS, ids=str)
def test_names_training_and_hashes_have_their_types(folder, about):
    """Each is named, and a long value is cut."""
    changed(folder, True, **about)
    with pytest.raises(CheckpointError, match=f"(?s){CONFIG}.*{next(iter(about))}") as caught:
        load_pretrained(folder, "cpu")
    assert len(str(caught.value)) < 700


def test_a_field_that_is_missing_or_of_a_newer_version_is_named(folder):
    """No field has a silent default: heads left out would be 8."""
    content = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    for name in content["config"]:
        lacking = {**content, "config": {field: value for field, value in content["config"].items() if field != name}}
        (folder / CONFIG).write_text(json.dumps({**lacking, "config_sha256": checkpoint.config_hash(lacking)}), encoding="utf-8")
        with pytest.raises(CheckpointError, match=f"config lacks {name}"):
            load_pretrained(folder, "cpu")
    (folder / CONFIG).write_text(json.dumps({name: value for name, value in content.items() if name != "config_sha256"}))
    with pytest.raises(CheckpointError, match="lacks config_sha256"):
        load_pretrained(folder, "cpu")
    (folder / CONFIG).write_text(json.dumps(content), encoding="utf-8")
    changed(folder, True, {"rope": 10_000})
    with pytest.raises(CheckpointError, match="only a newer Headlight may know.*rope"):
        load_pretrained(folder, "cpu")


NO_OBJECTS = [b"", b"{", b"null", b"3", b"[]", b'"x"', b"\xff\xfe\x00", b"[" * 100_000, b'{"a": NaN}', b'{"a": -Infinity}']
NO_OBJECTS += [b'{"config": ' + b"9" * 5000 + b"}"]


@pytest.mark.parametrize("content", NO_OBJECTS, ids=lambda content: repr(content[:12]))
def test_what_is_no_object_is_named(folder, content):
    """Half a file, other JSON, other bytes, nested without end, numbers that JSON has not."""
    (folder / CONFIG).write_bytes(content)
    with pytest.raises(CheckpointError, match=f"{CONFIG}.*(?s:.*)Restore"):
        load_pretrained(folder, "cpu")


@given(content=st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
       | st.dictionaries(st.sampled_from(["config", "heads", "languages", "training", "config_sha256"]) | st.text(max_size=3), inner, max_size=4)))  # fmt: skip
def test_no_content_is_more_than_a_checkpoint_error(tmp_path, content):
    """Whatever JSON stands in the file, or in the place of its config."""
    whole = {"config": content, "weights_sha256": "0" * 64, "tokenizer_sha256": "0" * 64, "config_sha256": "0" * 64}
    for value in (content, whole, {**whole, "config": Config().to_dict(), "training": content, "languages": content}):
        (tmp_path / CONFIG).write_text(json.dumps(value), encoding="utf-8")
        with pytest.raises(CheckpointError, match=CONFIG):
            read_config(tmp_path)


def store_weights(folder: Path, change) -> None:
    """Other weights, with the hash that belongs to them."""
    content = save(change(load_file(folder / WEIGHTS)))
    (folder / WEIGHTS).write_bytes(content)
    changed(folder, True, weights_sha256=hashlib.sha256(content).hexdigest())


NAME = "encoder.layers.0.attention.query.weight"
BROKEN = {
    "NaN": (lambda w: {**w, NAME: w[NAME] * float("nan")}, "not finite"),
    "one infinite": (lambda w: {**w, NAME: w[NAME].index_fill(0, torch.tensor(0), float("inf"))}, "not finite"),
    "int8": (lambda w: {**w, NAME: w[NAME].to(torch.int8)}, "not of floating point"),
    "bool": (lambda w: {**w, NAME: w[NAME] > 0}, "not of floating point"),
    "too large for float32": (lambda w: {**w, NAME: w[NAME].double() + 1e300}, "not finite"),
    "one left out": (lambda w: {name: value for name, value in w.items() if name != NAME}, NAME),
    "one too many": (lambda w: {**w, "encoder.rope": torch.zeros(3)}, "encoder.rope"),
    "turned": (lambda w: {**w, "encoder.layers.1.feed_forward.expand.weight": torch.zeros(32, 64)}, "expand"),
    "no embedding": (lambda w: {name: value for name, value in w.items() if "embedding" not in name}, "embedding"),
    "none": (lambda w: {}, "layers is 2 in config.json and 0"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_weights_with_a_matching_hash_are_still_held_to_the_model(folder, kind):
    """Numbers that are none, of another type, of other names or shapes: the file is named, and nothing is shown."""
    change, said = BROKEN[kind]
    store_weights(folder, change)
    with pytest.raises(WeightsMismatchError, match=f"(?s){WEIGHTS}.*{said}"):
        load_pretrained(folder, "cpu")


@pytest.mark.parametrize("content", [b"", b"not a tensor", b"\xff" * 100])
def test_what_is_no_weights_file_is_named(folder, content):
    """With the hash that belongs to it."""
    (folder / WEIGHTS).write_bytes(content)
    changed(folder, True, weights_sha256=hashlib.sha256(content).hexdigest())
    with pytest.raises(WeightsMismatchError, match=WEIGHTS):
        load_pretrained(folder, "cpu")


def store_tokenizer(folder: Path, content: bytes) -> None:
    """Another tokenizer, with the hash that belongs to it."""
    (folder / TOKENIZER).write_bytes(content)
    changed(folder, True, tokenizer_sha256=hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("content", [b"", b"x" * 50, b"\x00" * 10])
def test_what_is_no_tokenizer_is_named(folder, content):
    """An empty file would be a tokenizer of no pieces."""
    store_tokenizer(folder, content)
    with pytest.raises(TokenizerMismatchError, match=TOKENIZER):
        load_pretrained(folder, "cpu")


def test_checkpoints_of_one_family_store_one_tokenizer(folder, tmp_path):
    """One that has none takes the file of its hash from beside it, never another; alone, its own is what is missing."""
    one, other = tmp_path / "family" / "one", tmp_path / "family" / "other"
    for place in (one, other):
        shutil.copytree(folder, place)
    (one / TOKENIZER).unlink()
    assert load_pretrained(one, "cpu").tokenizer.hash == load_pretrained(other, "cpu").tokenizer.hash
    store_tokenizer(other, Tokenizer.train(SENTENCES * 3, vocabulary_size=370, required="").model)
    with pytest.raises(CheckpointError, match=f"Cannot read .*one.{TOKENIZER}"):
        load_pretrained(one, "cpu")


def test_a_tokenizer_of_another_size_or_with_other_special_pieces_is_named(folder, tokenizer):
    """With the hash that belongs to it: an id would be another piece, or none."""
    store_tokenizer(folder, Tokenizer.train(SENTENCES * 3, vocabulary_size=370, required="").model)
    with pytest.raises(TokenizerMismatchError, match="it has 370 pieces, the model 380"):
        load_pretrained(folder, "cpu")
    store_tokenizer(folder, tokenizer.model)
    changed(folder, True, {"pad_id": 7})
    with pytest.raises(TokenizerMismatchError, match="<pad>.*7"):
        load_pretrained(folder, "cpu")


def test_binding_anew_is_one_command_that_checks_first(folder, capsys):
    """A change that is meant is bound; one that the weights contradict is refused, and the file stays as it was."""
    changed(folder, False, {"dropout": 0.2})
    bind.main(["--model", str(folder)])
    assert read_config(folder)["config_sha256"] in capsys.readouterr().out
    assert load_pretrained(folder, "cpu").model.config.dropout == 0.2
    changed(folder, False, {"encoder_layers": 3})
    before = (folder / CONFIG).read_bytes()
    with pytest.raises(SystemExit, match="encoder_layers is 3"):
        bind.main(["--model", str(folder)])
    assert (folder / CONFIG).read_bytes() == before


def test_what_cannot_be_read_again_is_not_written(tmp_path, tokenizer):
    """The writer checks as the reader does, before it writes."""
    model = tiny_model(tokenizer)
    with pytest.raises(CheckpointError, match="training.steps"):
        save_pretrained(tmp_path, model.config, dict(model.named_parameters()), tokenizer, {"training": {"steps": "many"}})
    with pytest.raises(CheckpointError, match="lacks tokenizer_sha256"):
        write_config(tmp_path, {"config": model.config.to_dict(), "weights_sha256": "0" * 64})
    assert not (tmp_path / CONFIG).exists()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*/config.json")), ids=lambda path: path.parent.name)
def test_every_shipped_checkpoint_is_bound(path):
    """And loads."""
    about = read_config(path.parent)
    assert load_pretrained(path.parent.name, "cpu").about == about and about["training"]["steps"] > 0


def test_a_name_is_a_folder_or_a_checkpoint_in_pretrained(folder, tmp_path, monkeypatch):
    """From anywhere, in any spelling, as one whole path; a folder without a checkpoint does not hide the one that is shipped."""
    monkeypatch.chdir(folder)
    (folder / "en-fr").mkdir()
    (folder / "runs").mkdir()
    names = (".", "../tiny", "runs/..", folder)
    assert {checkpoint_folder(name) for name in names} == {folder.resolve()}
    assert load_pretrained(".", "cpu").name == load_pretrained("../tiny", "cpu").name == "tiny"
    assert checkpoint_folder("en-fr") == FOLDER / "en-fr"
    assert checkpoint_folder("runs") == folder.resolve() / "runs"
    for name in ("", "no-such", "x" * 5000, "a\0b", "/no/such/folder", "../../nowhere"):
        with pytest.raises(CheckpointError, match="Cannot read") as caught:
            load_pretrained(name, "cpu")
        assert len(str(caught.value)) < 600
