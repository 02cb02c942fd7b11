"""The timings: texts of the promised length, and tables that a run really fills."""

from __future__ import annotations

import socket
from collections import Counter
from contextlib import nullcontext
from itertools import cycle, islice
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import corpus, decode, frozen, knockout, models, patching, room, switch, trace
from bench.browser import free_port, is_up, serve
from bench.page import HEADER, MOST_ROUNDS, main, sentences
from bench.tab import EARLY, OTHER, UNDRAWN, Rerun, Tab, letters, thrown_away, until_one


@pytest.mark.parametrize("tokens", [2, 24, 128, 500])
def test_texts_have_exactly_the_wanted_tokens(translator, tokens):
    """Counted by the model's own reading, which is what the page shows; no text comes twice, and there are enough."""
    texts = list(islice(sentences(translator.tokenizer, tokens), 2 * MOST_ROUNDS + 3))  # as many as a bench asks for
    assert {len(translator.source(text)) for text in texts} == {tokens}
    assert len(texts) == 2 * MOST_ROUNDS + 3 or tokens == 2
    assert len(set(texts)) == len(texts) or tokens == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--views", "nothing"], "all-heads"), (["--views", ""], "all-heads"), (["--tokens", "24,x"], "from 2 to 500"),
        (["--tokens", "²"], "from 2 to 500"), (["--rounds", "0"], "from 1 to"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_answered_in_words(arguments, said, capsys):
    """What is allowed is named; no traceback."""
    with pytest.raises(SystemExit):
        main(arguments)
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("bench", "arguments", "said"),
    [
        (switch, ["--views", "nothing"], "all-heads"), (switch, ["--rounds", "0"], "from 1 to"), (switch, ["--tokens", "1"], "from 2 to 500"),
        (trace, ["--rounds", "0"], "at least 1"), (trace, ["--tokens", "0"], "from 1 to 500"), (trace, ["--tokens", "501"], "from 1 to 500"),
        (knockout, ["--rounds", "0"], "at least 1"), (decode, ["--rounds", "0"], "at least 1"), (models, ["--rounds", "0"], "at least 1"),
        (room, ["--students", "1"], "from 2 to 120"), (room, ["--students", "121"], "from 2 to 120"),
        (corpus, ["--rounds", "0"], "at least 1"), (corpus, ["--lines", "0"], "at least 1"), (patching, ["--rounds", "0"], "at least 1"),
    ],
)  # fmt: skip
def test_wrong_arguments_of_the_other_timings_are_answered_in_words(bench, arguments, said, capsys):
    """Not a view that is none, not a median of nothing."""
    with pytest.raises(SystemExit):
        bench.main(arguments)
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("run", [main, switch.main, trace.main, knockout.main, patching.main, decode.main, corpus.main])
@pytest.mark.parametrize("arguments", [["--model", "no-such"], ["--device", "tpu"]])
def test_a_model_or_device_that_is_not_there_is_said_in_words(run, arguments):
    """One sentence, no traceback."""
    with pytest.raises(SystemExit, match="^error: .*(no-such|choose cuda)"):
        run(arguments)


def test_a_text_that_cannot_be_read_is_refused_before_anything_is_measured():
    """With the limit or what is missing."""
    with pytest.raises(SystemExit, match="at least one visible character"):
        knockout.main(["--text", "Hi there.", " ", "--device", "cpu"])


def seen(**bench: object) -> Tab:
    """A page for which the recorder says this of the last key."""
    tab = Tab.__new__(Tab)
    tab.thrown, tab.counted = Counter(), 0
    tab.page = SimpleNamespace(evaluate={"bench": {"early": False, "bytes": 10, **bench}}.get)
    return tab


times = st.floats(0, 1e6)


@given(entered=times, drawn=times, early=st.booleans(), shown=st.booleans())
def test_a_sample_is_positive_or_counted_as_thrown_away(entered, drawn, early, shown):
    """Whatever the recorder saw: a time below or at 0 is no time, and every key press is one or the other."""
    tab = seen(entered=entered, frame=drawn, early=early)
    rerun = tab._sample(shown)
    assert tab.counted + tab.thrown.total() == 1
    assert (rerun is not None) == (drawn > entered and shown and not early) == (tab.counted == 1)
    assert rerun is None or (rerun == Rerun(drawn - entered, 10) and rerun.milliseconds > 0)


def test_what_was_thrown_away_is_said_with_its_reasons():
    """How many of how many, the most frequent reason first; nothing where all count."""
    tabs = [
        seen(entered=1.0, frame=drawn, early=early) for drawn, early in ((0.5, False), (2.0, True), (3.0, False), (0.0, False))
    ]
    for tab in tabs:
        tab._sample(shown=True)
    assert thrown_away(tabs) == f"Thrown away: 3 of 4 samples (2 {UNDRAWN}; 1 {EARLY})." and thrown_away(tabs[2:3]) == ""
    with pytest.raises(RuntimeError, match="too busy"):
        until_one(cycle([None]))
    assert until_one(iter([None, Rerun(2.0, 1)])) == Rerun(2.0, 1)


def test_a_page_that_changed_is_told_apart_from_one_that_did_not(tmp_path, monkeypatch, capsys):
    """The first run writes, the next compare: the state that differs is named, and the command fails."""
    shows = {"state": {"view": "one-head"}, "problems": [], "shows": [["plotly", frozen.digest("a")]]}
    monkeypatch.setattr(frozen, "frozen", lambda: [shows])
    for said in ("says what 1 states show", "1 of 1 states show the same"):
        frozen.main([str(tmp_path / "page.json")])
        assert said in capsys.readouterr().out
    monkeypatch.setattr(frozen, "frozen", lambda: [{**shows, "shows": [["plotly", frozen.digest("b")]]}])
    with pytest.raises(SystemExit):
        frozen.main([str(tmp_path / "page.json")])
    assert "one-head" in capsys.readouterr().out


FIELD = 'import streamlit as st\ntext = st.text_input("English sentence", live=True)\n'


def test_only_a_text_that_was_drawn_after_the_key_is_a_sample(tmp_path, browser):
    """In a real browser: a page that draws nothing for dogs, something else when it is late, and else what is typed."""
    script = 'st.text("always the same" if "dog" in text else text[::-1] if "late" in text else text)'
    (tmp_path / "page.py").write_text(FIELD + script)
    with serve(str(tmp_path / "page.py")) as url:
        tab = Tab(browser, url)
        wrong = ["The dog ran off.", "A dog sat.", "It is late.", "It is too late."]
        assert [tab.type(text) for text in wrong] == [None] * 4
        assert tab.counted == 0 and tab.thrown.total() == 4 and set(tab.thrown) <= {EARLY, UNDRAWN, OTHER}
        with pytest.raises(RuntimeError, match="Thrown away: 5 of 5 samples"):
            tab.type_one(["The dog is here."])
        text, rerun = tab.type_one(cycle(["The cat sat.", "It rained."]))
        assert rerun.milliseconds > 0 and rerun.bytes > 0 and letters(tab.page.evaluate("bench.text()")) == letters(text)
        tab.close()


def test_a_switch_is_flipped_the_way_that_was_asked_for(tmp_path, browser):
    """Flipping it to where it stands would time the other way."""
    (tmp_path / "page.py").write_text(FIELD + 'st.write("on" if st.toggle("Mask", value=True) else "off")')
    with serve(str(tmp_path / "page.py")) as url:
        tab = Tab(browser, url)
        assert until_one(iter([tab.flip("Mask", on=False), tab.flip("Mask", on=True)])).milliseconds > 0
        with pytest.raises(RuntimeError, match="is on already"):
            tab.flip("Mask", on=True)
        tab.close()


def test_a_server_whose_port_was_taken_starts_on_another(monkeypatch):
    """Between asking for a free port and using it somebody else may take it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1], free_port(), free_port()])
        monkeypatch.setattr("bench.browser.free_port", lambda: next(ports))
        with serve("bench/empty.py") as url:
            assert is_up(url) and not url.endswith(f":{taken.getsockname()[1]}")
    with pytest.raises(RuntimeError, match="did not start. Its output:"), serve("bench/no-such.py"):
        pass


def test_a_run_fills_the_table(browser, tiny_folder, monkeypatch, capsys):
    """One view, one length, one round: every column is a positive number, and the ratios are those of its columns."""
    monkeypatch.setattr("bench.page.chromium", lambda: nullcontext(browser))  # profiles of its own, but no second Chromium
    model = ["--device", "cpu", "--model", str(tiny_folder)]
    with serve("bench/empty.py") as empty, serve("bench/frame.py", *model) as page:  # nor a server for each of the four pages
        monkeypatch.setattr("bench.page.serve", lambda script, *_, **__: nullcontext(empty if "empty" in script else page))
        main(["--views", "positions", "--tokens", "24", "--rounds", "1", *model])
    output = capsys.readouterr().out
    header, line, row, *rest = output[output.index(HEADER) :].strip().splitlines()
    assert [header, line] == HEADER.splitlines()
    assert not rest or rest[-1].startswith("Thrown away: ")
    view, *numbers = [cell.strip() for cell in row.strip("|").split("|")]
    assert view == "positions" and numbers[0] == "24"
    columns = [*map(float, numbers)]
    assert min(columns) > 0
    first, model, again, frame, ratio, empty, to_empty, quiet, to_quiet = columns[2:]
    assert first > model
    assert ratio == pytest.approx(again / frame, rel=0.1) and to_empty == pytest.approx(again / empty, rel=0.1)
    assert to_quiet == pytest.approx(again / quiet, rel=0.1)


def test_knocking_out_every_head_is_timed(capsys):
    """One row a sentence, and the ratios are those of its columns."""
    knockout.main(["--text", "Hi there.", "--rounds", "2", "--device", "cpu"])
    *_, header, line, row = capsys.readouterr().out.strip().splitlines()
    assert [header, line] == knockout.HEADER.splitlines()
    trace, alone, heads, of_trace, of_pass = map(float, row.strip("| ").split("|")[1:])
    assert trace > alone > 0
    assert of_trace == pytest.approx(heads / trace, rel=0.05) and of_pass == pytest.approx(heads / alone, rel=0.05)


def test_a_token_is_timed_against_the_plain_loop(capsys):
    """One row a sentence, and the ratio is that of its columns."""
    decode.main(["--text", "Hi there.", "--rounds", "2", "--device", "cpu"])
    *_, header, line, row = capsys.readouterr().out.strip().splitlines()
    assert [header, line] == decode.HEADER.splitlines()
    plain, shipped, ratio = map(float, row.strip("| ").split("|")[1:])
    assert plain > 0 < shipped and ratio == pytest.approx(shipped / plain, rel=0.05)
