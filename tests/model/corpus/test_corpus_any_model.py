"""Heads over a text of models that are not translators of ours: the same command, the same sheets, and links that are there when read anew."""

from __future__ import annotations

import pytest
from support.foreign import FOLDERS, HOW, write_model
from support.relatives import write_relative
from support.tiny import SENTENCES

from model.corpus.__main__ import main
from model.corpus.engines import ENGINES
from model.corpus.examples import WAYS
from model.corpus.run import Worker
from model.corpus.sheets import load_sheets
from model.corpus.weights import weights_hash
from model.huggingface import load_model


@pytest.fixture(params=[*FOLDERS, "gru"])
def folder(request, tmp_path, tokenizer):
    """A small model with random weights."""
    path = tmp_path / request.param
    if request.param in FOLDERS:
        pytest.importorskip("transformers", reason=HOW)
        return write_model(path, *FOLDERS[request.param])
    return write_relative(path, "gru", tokenizer)


def in_process(job, shards, workers):
    """An engine that starts no process."""
    return ((shard.number, Worker(job).count(shard)) for shard in shards)


def test_any_model_is_counted_and_gets_its_sheets(folder, tmp_path, monkeypatch, capsys):
    """What it cannot read is left out; a stored example has the weight that the model gives it."""
    pytest.importorskip("pyarrow", reason="pip install pyarrow")
    text = tmp_path / "text.txt"
    text.write_text("\n".join([*SENTENCES[:5], "", "far too long " * 400]), encoding="utf-8")
    monkeypatch.setitem(ENGINES, "local", in_process)
    main(["--text", str(text), "--out", str(tmp_path / "out"), "--model", str(folder), "--device", "cpu", "--beside"])
    assert "one line after the other" in capsys.readouterr().err
    reader = load_model(folder, "cpu")
    sheets = load_sheets(folder, weights_hash(reader), reader.anatomy)
    assert sheets is not None and sheets.texts == 5
    for kind in reader.anatomy.kinds:
        sheet = sheets.of(kind.name, 0, kind.heads - 1)
        assert sum(share for _, share, _ in sheet.offsets) == pytest.approx(1, abs=0.01)
        for each in (example for way in WAYS for example in sheet.examples[way][:1]):
            weights = reader.trace(each.source, each.target).attention[kind.name].weights
            assert float(weights[0, kind.heads - 1, each.query, each.key]) == pytest.approx(each.weight, abs=2e-3)
