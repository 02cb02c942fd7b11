"""Fixtures for all tests. `tiny_translator` is the real code with few, untrained parameters; `translator` is the product."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from chromium import need_chromium
from tiny import SENTENCES, tiny_model, write_training_files

from bench.browser import chromium
from model.instrument.pretrained import Translator, load_pretrained
from model.instrument.tokenizer import Tokenizer

torch.set_num_threads(1)  # tiny tensors gain nothing from more, and on a busy machine threads wait for each other


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    """BPE with byte fallback, learned from SENTENCES."""
    return Tokenizer.train(SENTENCES * 4, vocabulary_size=380, required="")


@pytest.fixture(scope="session")
def tiny_translator(tokenizer: Tokenizer) -> Translator:
    """A translator with an untrained model of 2 + 3 layers."""
    return Translator(tiny_model(tokenizer), tokenizer, "tiny")


@pytest.fixture(scope="session")
def translator() -> Translator:
    """The shipped checkpoint, on the CPU."""
    return load_pretrained("en-fr", device="cpu")


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """Headless Chromium, one for all tests: Playwright runs once in a thread. Missing, it skips, or fails under CI=true."""
    need_chromium()
    with chromium() as started:
        yield started


@pytest.fixture
def data(tmp_path) -> Path:
    """A folder of files with a few sentence pairs to train on."""
    return write_training_files(tmp_path)
