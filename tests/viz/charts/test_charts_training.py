"""The training curve shows what the log says."""

import json

import pytest

from viz import charts
from viz.charts.training import main, read_log
from viz.theme import DARK

HEADER = "step,epoch,tokens,seconds,learning_rate,train_loss,dev_loss,tokens_per_second"


def log(folder, steps=range(100, 1000, 100)):
    """A log as training writes it: a development loss once an epoch of 300 steps, repeated until the next."""
    lines = [f"{n},{n // 300 + 1},1,1,0.001,{7 - n / 500},{3.5 - n // 300 / 10 if n >= 300 else ''},9" for n in steps]
    (folder / "training-log.csv").write_text("\n".join([HEADER, *lines]))
    return folder / "training-log.csv"


def rows_of(part: dict) -> list[dict]:
    """All rows inside a chart's layers."""
    return part.get("data", {}).get("values", []) + [row for inner in part.get("layer", []) for row in rows_of(inner)]


def test_losses_are_those_of_the_log(tmp_path):
    spec = charts.training_curve(read_log(log(tmp_path)), DARK).to_dict()
    rows = rows_of(spec)
    train = {row["step"]: row["loss"] for row in rows if row.get("name") == "training"}
    assert train == pytest.approx({n: 7 - n / 500 for n in range(100, 1000, 100)})
    development = {row["step"]: row["loss"] for row in rows if row.get("name") == "development"}
    assert development == pytest.approx({300: 3.4, 600: 3.3, 900: 3.2})  # where it changes, not where it is repeated
    assert len([row for row in rows if "rate" in row]) == 9 and json.dumps(spec)


@pytest.mark.parametrize("steps", [range(100, 101), range(100, 300, 100)])
def test_a_run_that_has_just_begun(tmp_path, steps):
    assert charts.training_curve(read_log(log(tmp_path, steps))).to_dict()


def test_an_empty_log_is_said_to_be_empty():
    with pytest.raises(ValueError, match="empty"):
        charts.training_curve([])


def test_the_command_writes_a_picture(tmp_path, capsys):
    pytest.importorskip("vl_convert")
    log(tmp_path)
    main([str(tmp_path)])
    assert "<svg" in (tmp_path / "training-curve.svg").read_text(encoding="utf-8")


def test_the_command_says_what_is_missing(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path)])
    assert "training-log.csv does not exist" in capsys.readouterr().err
