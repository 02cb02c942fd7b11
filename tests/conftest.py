"""Fixtures for all tests. `tiny_translator` is the real code with few, untrained parameters; `translator` is the product."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import support.one_thread  # noqa: F401  for what it sets before torch is there
from hypothesis import HealthCheck, settings
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import local_script_runner
from support.chromium import ONE_PROCESS, need_chromium
from support.relatives import config_of
from support.tiny import SENTENCES, tiny_model, write_training_files
from xdist.scheduler import LoadFileScheduling

from bench.browser import chromium
from model.instrument.pretrained import Translator, load_pretrained, save_pretrained
from model.instrument.tokenizer import Tokenizer
from model.transformer.architecture import build

PROPERTIES = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture],
}  # a busy machine is slow; fixtures here are not written to
settings.register_profile("dev", max_examples=20, **PROPERTIES)
settings.register_profile("ci", max_examples=50, print_blob=True, **PROPERTIES)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "dev")
# Every run of Streamlit's test bench looks through all installed packages for components, three quarters of its time: once will do.
manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)
# It also asks a thousand times a second whether the script has ended, a tenth of the time of a run: here it waits for the thread first.
look = local_script_runner.require_widgets_deltas
local_script_runner.require_widgets_deltas = lambda runner, timeout=3: (runner._script_thread.join(timeout), look(runner, 1))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling:
    """A file stays in one process, and the files of the lessons stay together: what they share takes longer to make than to check."""
    return ByFile(config, log)


class ByFile(LoadFileScheduling):
    """What a process is given at once."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        return file.rpartition("/")[0] if "/lessons/" in file else file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that drives Chromium: those that ask for it through a fixture; others carry the marker themselves.

    A real browser on a busy machine has its moments: what fails there counts when it fails twice, and the summary names each.
    """
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    """BPE with byte fallback, learned from SENTENCES."""
    return Tokenizer.train(SENTENCES * 4, vocabulary_size=380, required="")


@pytest.fixture(scope="session")
def tiny_translator(tokenizer: Tokenizer) -> Translator:
    """A translator with an untrained model of 2 + 3 layers."""
    return Translator(tiny_model(tokenizer), tokenizer, "tiny")


@pytest.fixture(scope="session")
def tiny_folder(translator: Translator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with the vocabulary of the product and an untrained model of 2 + 3 layers, and a recurrent one beside it. Not to be
    written to."""
    folder, model = tmp_path_factory.mktemp("checkpoint") / "tiny", tiny_model(translator.tokenizer)
    about = {"languages": {"source": "English", "target": "French"}, "training": {"steps": 0}}
    save_pretrained(folder, model.config, dict(model.named_parameters()), translator.tokenizer, about)
    recurrent = build(replace(config_of("gru", translator.tokenizer.vocabulary_size), max_length=model.config.max_length))
    save_pretrained(
        folder.parent / "recurrent", recurrent.config, dict(recurrent.named_parameters()), translator.tokenizer, about
    )
    return folder


@pytest.fixture
def tiny_page(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The script of the page is started with that checkpoint: for tests of what the page does, whatever the model says."""
    monkeypatch.setattr("sys.argv", ["app.py", "--model", str(tiny_folder), "--device", "cpu"])
    return tiny_folder


@pytest.fixture
def folder(tmp_path: Path, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny checkpoint of this test alone, which may write beside it; the script of the page is started with it."""
    model = tiny_model(tokenizer)
    save_pretrained(tmp_path / "tiny", model.config, dict(model.named_parameters()), tokenizer, {"training": {"steps": 0}})
    monkeypatch.setattr("sys.argv", ["app.py", "--model", str(tmp_path / "tiny"), "--device", "cpu"])
    return tmp_path / "tiny"


@pytest.fixture
def shipped_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The script of the page is started as the README says."""
    monkeypatch.setattr("sys.argv", ["app.py", "--device", "cpu"])


@pytest.fixture(scope="session")
def translator() -> Translator:
    """The shipped checkpoint, on the CPU."""
    return load_pretrained("en-fr", device="cpu")


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """Headless Chromium, one for all tests: Playwright runs once in a thread. Missing, it skips, or fails under CI=true."""
    need_chromium()
    with chromium(*ONE_PROCESS) as started:
        yield started


@pytest.fixture
def data(tmp_path) -> Path:
    """A folder of files with a few sentence pairs to train on."""
    return write_training_files(tmp_path)
