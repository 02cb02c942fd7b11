"""The timings: texts of the promised length, and tables that a run really fills."""

from __future__ import annotations

import subprocess
import sys

import pytest
from chromium import need_chromium

from bench import knockout
from bench.browser import ROOT
from bench.page import HEADER, MOST_ROUNDS, main, sentences
from model.pretrained import load_pretrained


@pytest.mark.parametrize("tokens", [2, 24, 128, 500])
def test_texts_have_exactly_the_wanted_tokens(tokens):
    """Counted by the model's own reading, which is what the page shows; no text comes twice, and there are enough."""
    translator = load_pretrained("en-fr", device="cpu")
    texts = list(sentences(translator.tokenizer, tokens))
    assert {len(translator.source(text)) for text in texts} == {tokens}
    assert len(texts) >= 2 * MOST_ROUNDS + 3 or tokens == 2
    assert len(set(texts)) == len(texts) or tokens == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--views", "nothing"], "all-heads"), (["--tokens", "24,x"], "from 2 to 500"), (["--rounds", "0"], "from 1 to")],
)
def test_wrong_arguments_are_answered_in_words(arguments, said, capsys):
    """What is allowed is named; no traceback."""
    with pytest.raises(SystemExit):
        main(arguments)
    assert said in capsys.readouterr().err


def test_a_run_fills_the_table():
    """One view, one length, one round: every column is a positive number, and the ratios are those of its columns."""
    need_chromium()
    pytest.importorskip("playwright")
    command = [sys.executable, "-m", "bench.page", "--views", "positions", "--tokens", "24", "--rounds", "1", "--device", "cpu"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    header, line, row = run.stdout.strip().splitlines()[-3:]
    assert [header, line] == HEADER.splitlines()
    view, *numbers = [cell.strip() for cell in row.strip("|").split("|")]
    assert view == "positions" and numbers[0] == "24"
    tokens, sent, first, model, again, frame, ratio, empty, to_empty = map(float, numbers)
    assert min(tokens, sent, first, model, again, frame, ratio, empty, to_empty) > 0
    assert first > model
    assert ratio == pytest.approx(again / frame, rel=0.1) and to_empty == pytest.approx(again / empty, rel=0.1)


def test_knocking_out_every_head_is_timed(capsys):
    """One row a sentence, and the ratios are those of its columns."""
    knockout.main(["--text", "Hi there.", "--rounds", "2", "--device", "cpu"])
    *_, header, line, row = capsys.readouterr().out.strip().splitlines()
    assert [header, line] == knockout.HEADER.splitlines()
    trace, alone, heads, of_trace, of_pass = map(float, row.strip("| ").split("|")[1:])
    assert trace > alone > 0
    assert of_trace == pytest.approx(heads / trace, rel=0.05) and of_pass == pytest.approx(heads / alone, rel=0.05)
