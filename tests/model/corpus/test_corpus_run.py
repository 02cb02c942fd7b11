"""A run stops and goes on, loses nothing and counts nothing twice, and gives the same whoever counts."""

from __future__ import annotations

import importlib.util
import json
import multiprocessing
import os
import signal
from functools import reduce
from pathlib import Path

import pytest
from support.tiny import SENTENCES

from model.corpus.__main__ import Progress, main, spell
from model.corpus.engines import ENGINES, INSTALL, local
from model.corpus.run import Folder, Job, Worker, pack, unpack
from model.corpus.sheets import load_sheets
from model.corpus.statistics import HeadStatistics, nothing
from model.corpus.text import open_text
from model.corpus.weights import weights_hash
from model.instrument.pretrained import Translator, load_as

LINES = [f"{SENTENCES[at]}\t{SENTENCES[at + 1]}\n" for at in (0, 2, 4)] * 4 + ["\n"]


@pytest.fixture(scope="module")
def reader(tiny_folder) -> Translator:
    return load_as(Translator, tiny_folder, "cpu")


@pytest.fixture(scope="module")
def job(tiny_folder, reader, tmp_path_factory) -> Job:
    """Thirteen lines in seven shards."""
    path = tmp_path_factory.mktemp("text") / "text.tsv"
    path.write_text("".join(LINES), encoding="utf-8")
    return Job(str(tiny_folder), "cpu", open_text(path, 2), weights_hash(reader))


@pytest.fixture(scope="module")
def expected(job, reader) -> HeadStatistics:
    """One shard after the other, in this process."""
    worker = Worker(job)
    parts = [unpack(worker.count(shard), reader.anatomy) for shard in job.text.shards]
    return reduce(HeadStatistics.merge, parts)


def test_statistics_are_the_same_as_bytes(expected, reader):
    """Packed and unpacked, and both of a whole text."""
    assert unpack(pack(expected), reader.anatomy) == expected
    assert (expected.texts, expected.refused, len(expected.shards)) == (12, 1, 7)
    empty = nothing(*(expected.weights_sha256, expected.text_sha256), reader.anatomy)
    assert unpack(pack(empty), reader.anatomy) == empty


def test_a_run_that_stops_goes_on_with_what_is_left(job, expected, reader, tmp_path):
    """What was written stays; a file that was cut off while it was written was never there; a damaged one is named."""
    worker, counted = Worker(job), []

    def engine(job, shards, workers):
        for shard in shards:
            counted.append(shard.number)
            yield shard.number, worker.count(shard)

    folder = Folder(tmp_path, job, reader.anatomy)
    for _, number in zip(range(3), folder.keep(engine(job, folder.left, 1)), strict=False):
        assert folder.file(number).exists()
    folder.file(6).with_name("000006.bin.part").write_bytes(b"half")
    again = Folder(tmp_path, job, reader.anatomy)
    assert list(again.keep(engine(job, again.left, 1))) == counted[3:] == [3, 4, 5, 6]
    assert again.left == [] and again.statistics() == expected
    content = folder.file(2).read_bytes()
    folder.file(2).write_bytes(content[:-20])
    with pytest.raises(ValueError, match="000002.bin is damaged"):
        again.statistics()


def test_a_folder_of_another_run_is_not_mixed_in(job, reader, tmp_path):
    """Other weights, another text."""
    Folder(tmp_path, job, reader.anatomy)
    other = Job(job.model, job.device, job.text, "0" * 64)
    with pytest.raises(ValueError, match="another text, or of another model"):
        Folder(tmp_path, other, reader.anatomy)
    with pytest.raises(ValueError, match="other weights here"):
        Worker(other)


def test_a_process_that_is_killed_loses_nothing(job, expected, reader):
    """Two processes, one of them ended with the first result: the others' shards are counted, each once, with equal results."""
    numbers, parts, before = [], [], set(multiprocessing.active_children())
    for number, content in local(job, list(job.text.shards), 2):
        if not numbers:
            child = next(each for each in multiprocessing.active_children() if each not in before)
            os.kill(child.pid, signal.SIGKILL)
        numbers.append(number)
        parts.append(unpack(content, reader.anatomy))
    assert sorted(numbers) == [shard.number for shard in job.text.shards]
    assert reduce(HeadStatistics.merge, parts) == expected


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason=f"needs {INSTALL}")
def test_ray_gives_the_same_and_survives_a_lost_worker(job, expected, reader):
    """A cluster on this machine with two workers, one of which is ended in mid-run."""
    import ray

    os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[3])
    ray.init(num_cpus=3, include_dashboard=False, log_to_driver=False)
    try:
        numbers, parts = [], []
        for number, content in ENGINES["ray"](job, list(job.text.shards), 2):
            if not numbers:
                os.kill(_a_worker(), signal.SIGKILL)
            numbers.append(number)
            parts.append(unpack(content, reader.anatomy))
    finally:
        ray.shutdown()
    assert sorted(numbers) == [shard.number for shard in job.text.shards]
    assert reduce(HeadStatistics.merge, parts) == expected


def _a_worker() -> int:
    """The process of an actor that counts."""
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"ray::" in (command := status.read_bytes()) and b"ShardCounter" in command:
                return int(status.parent.name)
        except OSError:
            continue
    raise AssertionError("no actor is running")


def test_the_command_writes_tables_and_sheets(job, reader, tmp_path, monkeypatch, capsys):
    """From text to results, in words where it cannot; Parquet and JSON agree with the statistics."""
    parquet = pytest.importorskip("pyarrow.parquet", reason="pip install pyarrow")
    worker = Worker(job)
    monkeypatch.setitem(ENGINES, "local", lambda job, shards, workers: ((shard.number, worker.count(shard)) for shard in shards))
    monkeypatch.setattr(worker, "job", Job(job.model, "cpu", open_text(job.text.shards[0].path), job.weights_sha256))
    command = ["--text", str(job.text.shards[0].path), "--out", str(tmp_path), "--model", job.model, "--device", "cpu"]
    main(command)
    assert "1 of 1 shards" in capsys.readouterr().err
    sheets = load_sheets(tmp_path, job.weights_sha256, reader.anatomy)
    assert sheets.texts == 12 and load_sheets(tmp_path, "others", reader.anatomy) is None
    measures = parquet.read_table(tmp_path / "measures.parquet").to_pylist()
    for row in measures:
        if row["measure"] != "link":
            got = sheets.measures.roles[row["kind"]][row["measure"]]
            assert float(got.score[row["layer"], row["head"]]) == pytest.approx(row["score"], abs=1e-4)
    for row in parquet.read_table(tmp_path / "examples.parquet").to_pylist()[::50]:
        trace = reader.trace(row["source"], row["target"])
        weight = trace.attention[row["kind"]].weights[row["layer"], row["head"], row["query"], row["key"]]
        assert row["weight"] == pytest.approx(float(weight), abs=1e-4)
    shares = [row["share"] for row in parquet.read_table(tmp_path / "attention.parquet").to_pylist() if row["by"] == "distance"]
    heads = sum(kind.layers * kind.heads for kind in reader.anatomy.kinds)
    assert sum(shares) == pytest.approx(heads, abs=0.01)
    assert parquet.read_table(tmp_path / "tokens.parquet").num_rows
    for arguments, words in (
        ([*command, "--workers", "0"], "at least 1"),
        ([*command[2:], "--text", str(tmp_path / "no")], "is not there"),
    ):
        with pytest.raises(SystemExit, match=words):
            main(arguments)


def test_sheets_of_a_damaged_file_name_it(job, tmp_path, reader):
    """As of any file beside a checkpoint."""
    from model.instrument.checkpoint import CheckpointError

    (tmp_path / "sheets.json").write_text(json.dumps({"weights_sha256": job.weights_sha256, "sentences": 1}))
    with pytest.raises(CheckpointError, match="sheets.json is damaged"):
        load_sheets(tmp_path, job.weights_sha256, reader.anatomy)


def test_progress_says_how_long_it_will_take(job, capsys):
    """By what was counted in this run alone."""
    times = iter([0.0, 10.0, 20.0, 20.0])
    progress = Progress(job.text, 0, lambda: next(times))
    progress.add(0)
    progress.add(1)
    assert "2 of 7 shards · 0 lines a second" in capsys.readouterr().err
    assert [spell(seconds) for seconds in (40, 720, 12600)] == ["40 s", "12 min", "3.5 h"]
