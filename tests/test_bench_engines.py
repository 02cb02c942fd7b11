"""The timings of engines: processes whose costs add up, and engines that count the same."""

from __future__ import annotations

import importlib.util
import os
import sys
from types import SimpleNamespace

import pytest

from bench import engines, processes
from model.corpus.__main__ import parser
from model.corpus.text import open_text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--lines", "5", "5"], "smaller one first"), (["--workers", "0"], "at least 1"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_answered_in_words(arguments, said, capsys):
    """What is allowed is named; no traceback."""
    with pytest.raises(SystemExit):
        engines.main(arguments)
    assert said in capsys.readouterr().err


def test_a_servers_memory_and_time_are_read():
    """Of this process and its parent: both together take more than one; days and hours count."""
    own, both = (
        processes.Usage(*(SimpleNamespace(pid=id_) for id_ in ids)) for ids in ([os.getpid()], [os.getpid(), os.getppid()])
    )
    assert both.memory > own.memory > 50 and both.cpu >= own.cpu > 0
    assert processes._seconds("1-02:03:04") == 86400 + 2 * 3600 + 3 * 60 + 4 and processes._seconds("03:04.5") == 184.5


needs_proc = pytest.mark.skipif(not processes.PROC.joinpath("self", "stat").exists(), reason="needs /proc")
BURN = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass"


@needs_proc
def test_the_cost_of_a_command_has_that_of_its_children():
    """A child that works while its parent sleeps, and one that outlives its parent; what fails says why."""
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN!r}])"
    orphan = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {BURN!r}]); time.sleep(0.3)"
    for script in (child, orphan):
        cost = processes.cost_of([sys.executable, "-c", script], os.environ)
        assert 0.3 < cost.cpu < 5 and cost.wall > 0
    with pytest.raises(RuntimeError, match="no such text"):
        processes.cost_of([sys.executable, "-c", "raise SystemExit('no such text')"], os.environ)


def test_a_text_is_repeated_to_the_length_that_is_asked_for(tmp_path):
    """Pairs and sentences, to the line."""
    path, out = tmp_path / "text.tsv", tmp_path / "out.tsv"
    path.write_text("One.\tUn.\nTwo.\n", encoding="utf-8")
    engines.write_lines(open_text(path), 5, out)
    assert out.read_text(encoding="utf-8") == "One.\tUn.\nTwo.\nOne.\tUn.\nTwo.\nOne.\tUn.\n"


def test_engines_that_count_differently_are_no_timing(tmp_path, monkeypatch):
    """Nor is a run that left nothing."""
    path = tmp_path / "text.tsv"
    path.write_text("One.\n", encoding="utf-8")
    for contents in ({"local": b"1", "ray": b"2"}, {}):

        def run(engine, text, out, args, contents=contents):
            (out / "shards").mkdir(parents=True)
            if engine in contents:
                (out / "shards" / "000000.bin").write_bytes(contents[engine])
            return processes.Cost(1.0, 1.0)

        monkeypatch.setattr(engines, "run", run)
        with pytest.raises(RuntimeError, match="count 3 lines differently"):
            engines.compare(3, open_text(path), SimpleNamespace())


def test_a_comparison_without_ray_says_what_to_install(monkeypatch):
    """Before anything runs."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"Ray is missing.*headlight\[cluster\]"):
        engines.main([])


def test_both_engines_fill_the_table(tiny_folder, tmp_path, monkeypatch, capsys):
    """Each is asked for the same text by a command that there is, on this machine; what the lines in between cost is without what it takes to start."""
    path = tmp_path / "text.tsv"
    path.write_text("Two dogs.\tDeux chiens.\n", encoding="utf-8")
    monkeypatch.setenv("RAY_ADDRESS", "elsewhere")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())

    def cost_of(command, environment):
        assert command[1:3] == ["-m", "model.corpus"] and "RAY_ADDRESS" not in environment
        args = parser().parse_args(command[3:])
        lines = args.text.read_text(encoding="utf-8").count("\n")
        (args.out / "shards").mkdir(parents=True)
        (args.out / "shards" / "000000.bin").write_bytes(b"%d" % lines)
        return processes.Cost(1.0, {"local": 1 + 0.1 * lines, "ray": 4 + 0.12 * lines}[args.engine])

    monkeypatch.setattr(engines, "cost_of", cost_of)
    engines.main(["--text", str(path), "--lines", "10", "30", "--workers", "1", "--model", str(tiny_folder)])
    _, _, head, line, *rows, _, remark = capsys.readouterr().out.strip().splitlines()
    assert [head, line] == engines.HEADER.splitlines()
    assert rows == ["| 10 | 1.0 | 1.0 | 2.0 | 5.2 | 2.60 |", "| 30 | 1.0 | 1.0 | 4.0 | 7.6 | 1.90 |"]
    assert "100.00 ms of CPU each with local and 120.00 with ray, 1.20 times" in remark
