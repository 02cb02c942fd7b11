"""What lies beside a checkpoint: siblings and measurements are found from its folder, and what is damaged is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support import relatives
from support.tiny import SENTENCES, tiny_model

from model.instrument.beside import MOST_NAMED, family, neighbours, read_measured, siblings
from model.instrument.checkpoint import CheckpointError, config_hash
from model.instrument.pretrained import load_pretrained, save_pretrained
from model.measuring import alignment, roles, timeline
from model.measuring.card import family_table

ABOUT = {"languages": {"source": "English", "target": "French"}, "training": {"dev_loss": 5.0}}
PAIRS = list(zip(SENTENCES[::2], SENTENCES[1::2], strict=True))


@pytest.fixture(scope="module")
def checkpoints(tokenizer, tmp_path_factory) -> Path:
    """Two tiny checkpoints of the same languages side by side, and one of others. Not to be written to."""
    root = tmp_path_factory.mktemp("checkpoints")
    for name, positions, languages in (("a", "sinusoidal", "English"), ("b", "learned", "English"), ("c", "none", "Dutch")):
        model = tiny_model(tokenizer, positions=positions)
        about = {**ABOUT, "languages": {"source": languages, "target": "French"}}
        save_pretrained(root / name, model.config, dict(model.named_parameters()), tokenizer, about)
    return root


@pytest.fixture
def folder(checkpoints, tmp_path) -> Path:
    """A copy of them to damage; the first one's folder."""
    return Path(shutil.copytree(checkpoints, tmp_path, dirs_exist_ok=True)) / "a"


def test_siblings_are_those_of_the_same_languages(folder, monkeypatch):
    """This one first, from any folder and in any spelling of the path."""
    assert family(folder) == {"a": "sinusoidal", "b": "learned"}
    assert list(family(folder.parent / "b")) == ["b", "a"]
    monkeypatch.chdir(folder)
    assert family(".") == family("../a") == family("../b/../a") == family(folder) and siblings(".")[1] == []


def test_neighbours_read_the_same_language_and_are_built_otherwise(folder, tokenizer):
    """From either side, one that is damaged left out; no member of the family is one."""
    for name in ("gru", "write"):
        relatives.write_relative(folder.parent / name, name, tokenizer)
    assert neighbours(folder) == {"gru": "recurrent", "write": "decoder"} and neighbours(folder.parent / "c") == {}
    assert neighbours(folder.parent / "gru") == {"a": "encoder-decoder", "b": "encoder-decoder", "write": "decoder"}
    (folder.parent / "write" / "config.json").write_text("{")
    assert neighbours(folder) == {"gru": "recurrent"}


def newer(about: dict) -> None:
    about["config"]["rope"] = 10_000
    about["config_sha256"] = config_hash(about)


def foreign(about: dict) -> None:
    about["config"]["positions"] = "rotary"
    about["config_sha256"] = config_hash(about)


SPOILT = {
    "newer": newer, "of an unknown kind": foreign, "changed": lambda about: about["config"].update(heads=16),
    "without a config": lambda about: about.pop("config"), "of another type": lambda about: about.update(config=[1]),
    "emptied": lambda about: about.clear(), "with other languages": lambda about: about.update(languages=3),
}  # fmt: skip


@pytest.mark.parametrize("kind", SPOILT)
def test_a_damaged_or_newer_sibling_is_skipped_by_name(folder, kind):
    """The others stay; the same damage in the checkpoint itself is an error."""
    path = folder.parent / "b" / "config.json"
    about = json.loads(path.read_text(encoding="utf-8"))
    SPOILT[kind](about)
    path.write_text(json.dumps(about), encoding="utf-8")
    found, notices = siblings(folder)
    assert found == {"a": "sinusoidal"} and len(notices) == 1 and "The checkpoint b is left out" in notices[0]
    with pytest.raises(CheckpointError, match="config.json"):
        siblings(folder.parent / "b")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe"])
def test_a_sibling_without_readable_json_is_skipped_by_name(folder, content):
    """Half a file, other JSON, other bytes; a folder in the place of the file."""
    path = folder.parent / "b" / "config.json"
    path.write_bytes(content)
    assert siblings(folder)[0] == {"a": "sinusoidal"} and "config.json" in siblings(folder)[1][0]
    path.unlink()
    path.mkdir()
    assert siblings(folder)[0] == {"a": "sinusoidal"} and "Cannot read" in siblings(folder)[1][0]


def test_many_damaged_siblings_are_counted(folder):
    """A few are named, so that the page is not covered; a long name is cut."""
    for number in range(MOST_NAMED + 7):
        (folder.parent / f"z{number:02}{'x' * 200}").mkdir()
        (folder.parent / f"z{number:02}{'x' * 200}" / "config.json").write_text("{}")
    notices = siblings(folder)[1]
    assert len(notices) == MOST_NAMED + 1 and notices[-1].startswith("7 other checkpoints")
    assert all(len(notice) < 500 for notice in notices)


def write_roles(folder: Path) -> tuple[Path, str]:
    translator = load_pretrained(folder, "cpu")
    weights = translator.about["weights_sha256"]
    return roles.save_roles(folder, roles.measure_pairs(translator, PAIRS), weights, "test"), weights


def write_alignment(folder: Path) -> tuple[Path, str]:
    weights, path = load_pretrained(folder, "cpu").about["weights_sha256"], folder / alignment.FILE
    path.write_text(json.dumps({"weights_sha256": weights, "pairs": 2, "errors": [[0.5, 0.4, 0.3, 0.9]] * 3}))
    return path, weights


def write_timeline(folder: Path) -> tuple[Path, str]:
    weights, path = load_pretrained(folder, "cpu").about["weights_sha256"], folder / timeline.FOLDER / timeline.FILE
    path.parent.mkdir()
    had = {"previous": [["encoder", 1, 3]], "alignment": [["cross", 2, 0]]}
    moments = [
        {"step": 0, "file": "timeline/step-00000.safetensors", "sha256": "1" * 64, "dev_loss": 9.5, "bleu": 0.0, "roles": {}},
        {"step": 7, "file": "weights.safetensors", "sha256": weights, "dev_loss": 2.5, "bleu": 30.5, "roles": had},
    ]
    path.write_text(json.dumps({"weights_sha256": weights, "about": "test", "moments": moments}))
    return path, weights


KINDS = {
    "roles": (write_roles, roles.load_roles), "alignment": (write_alignment, alignment.load_alignment),
    "timeline": (write_timeline, timeline.load_timeline),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_measurements_are_read_from_the_folder_and_bound_to_the_weights(folder, kind):
    """What is whole is read; none, and those of other weights, are nothing."""
    write, load = KINDS[kind]
    config = load_pretrained(folder, "cpu").model.config
    assert not load(folder, "0" * 64, config)
    path, weights = write(folder)
    assert load(folder, weights, config) and load(folder, weights) and not load(folder, "0" * 64, config)
    assert read_measured(folder, str(path.relative_to(folder)), weights)["weights_sha256"] == weights


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"{}", b'{"weights_sha256": 3}', b"\xff\xfe", b"[" * 100_000])
@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_measurement_is_named(folder, kind, content):
    """The file and what to do; a folder in its place, too."""
    write, load = KINDS[kind]
    path, weights = write(folder)
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=f"(?s){path.name}.*delete it"):
        load(folder, weights)
    path.unlink()
    path.mkdir()
    with pytest.raises(CheckpointError, match=path.name):
        load(folder, weights)


def at(content: dict, *names: object) -> tuple[object, object]:
    """The container of the last name, and that name."""
    for name in names[:-1]:
        content = content[name]
    return content, names[-1]


WRONG = [  # (kind, where, what stands there instead)
    ("alignment", ("errors",), None), ("alignment", ("errors",), []), ("alignment", ("errors",), [[]]), ("alignment", ("errors",), [[0.1, "x"]]),
    ("alignment", ("errors",), [[0.1] * 4] * 2), ("alignment", ("errors",), [[0.1] * 5] * 3), ("alignment", ("errors", 0, 0), 1e999),
    ("alignment", ("errors", 0, 0), -1), ("alignment", ("errors", 0, 0), True), ("alignment", ("errors", 1), [0.1]),
    ("roles", ("sentences",), 0), ("roles", ("sentences",), "3"), ("roles", ("statistics",), []), ("roles", ("statistics", "cross"), None),
    ("roles", ("statistics", "encoder", "entropy"), [[0.5]]), ("roles", ("statistics", "encoder", "entropy", 0, 0), None),
    ("roles", ("roles", "encoder", "previous"), 5), ("roles", ("roles", "encoder", "previous", "score"), [[1, 2], [3]]),
    ("roles", ("roles", "encoder", "previous", "score", 0, 0), 2.0), ("roles", ("roles", "encoder", "previous", "sentences"), None),
    ("roles", ("roles", "encoder", "induction"), {}), ("roles", ("roles", "cross", "previous"), {}), ("roles", ("roles",), "x"),
    ("timeline", ("moments",), []), ("timeline", ("moments",), {}), ("timeline", ("moments", 0), 3), ("timeline", ("moments", 0, "step"), 7),
    ("timeline", ("moments", 0, "step"), "0"), ("timeline", ("moments", 0, "step"), -1), ("timeline", ("moments", 0, "file"), "../x"),
    ("timeline", ("moments", 0, "file"), "/etc/passwd"), ("timeline", ("moments", 0, "file"), None), ("timeline", ("moments", 0, "sha256"), "x"),
    ("timeline", ("moments", 1, "sha256"), "2" * 64), ("timeline", ("moments", 0, "dev_loss"), "low"), ("timeline", ("moments", 0, "bleu"), None),
    ("timeline", ("moments", 0, "bleu"), 1e999), ("timeline", ("moments", 0, "roles"), []), ("timeline", ("moments", 0, "colour"), 1),
    ("timeline", ("moments", 1, "roles", "previous"), [["encoder", 2, 0]]), ("timeline", ("moments", 1, "roles", "previous"), [["encoder", 0, 4]]),
    ("timeline", ("moments", 1, "roles", "previous"), [["encoder", 0]]), ("timeline", ("moments", 1, "roles", "previous"), 3),
    ("timeline", ("moments", 1, "roles", "previous"), [["elsewhere", 0, 0]]), ("timeline", ("moments", 1, "roles", "induction"), []),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "where", "value"), WRONG, ids=str)
def test_a_wrong_value_in_a_measurement_is_named(folder, kind, where, value):
    """Types, ranges, and heads that the model does not have: never shown as if they were measured."""
    write, load = KINDS[kind]
    path, weights = write(folder)
    content = json.loads(path.read_text(encoding="utf-8"))
    container, name = at(content, *where)
    container[name] = value
    path.write_text(json.dumps(content).replace("Infinity", "1e999"))
    with pytest.raises(CheckpointError, match=f"{path.name} is damaged") as caught:
        load(folder, weights, load_pretrained(folder, "cpu").model.config)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("scores", ["{", '{"scores": 1}', '{"scores": {"x": []}}', '{"scores": {"x": ["high"]}}'])
def test_a_damaged_evaluation_of_a_sibling_is_named(folder, scores):
    """The table of the family is not written without it."""
    assert "| a |" not in family_table(folder)
    weights = load_pretrained(folder.parent / "b", "cpu").about["weights_sha256"]
    path = folder.parent / "b" / "evaluation.json"
    path.write_text(scores.replace('{"scores"', f'{{"weights_sha256": "{weights}", "scores"'))
    with pytest.raises(CheckpointError, match="evaluation.json"):
        family_table(folder)
    path.write_text(json.dumps({"weights_sha256": weights, "scores": {"x": [1.0, 2.5]}}))
    assert "| b | learned, one vector a position | " in family_table(folder) and "| 5.000 | 2.5 |" in family_table(folder)


def test_a_copied_folder_brings_what_lies_beside_it(translator, tmp_path):
    """Roles, the head that aligns best and the timeline of the shipped checkpoint under another name."""
    for file in ("config.json", "roles.json", "alignment.json", "timeline/timeline.json"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(translator.folder / file, tmp_path / file)
    weights, config = translator.about["weights_sha256"], translator.model.config
    assert roles.load_roles(tmp_path, weights, config).sentences == 500
    assert alignment.load_alignment(tmp_path, weights, config) == alignment.load_alignment(translator.folder, weights, config)
    assert timeline.load_timeline(tmp_path, weights, config) == timeline.load_timeline(translator.folder, weights, config)
