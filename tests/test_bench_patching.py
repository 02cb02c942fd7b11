"""The timings of patches: pairs that maps can be made of, and a table that a run really fills."""

from __future__ import annotations

import pytest

from bench import patching


def test_patches_are_timed(monkeypatch, capsys):
    """One row a stack, and the ratios are those of its columns; a pair that no map can be made of is refused in words."""
    monkeypatch.setattr(patching, "SINGLE", 2)
    model = ["--rounds", "1", "--device", "cpu"]
    patching.main(["--pair", "The cat sat.", "The dog sat.", *model])
    *_, head, line, first, second = capsys.readouterr().out.strip().splitlines()
    assert [head, line] == patching.HEADER.splitlines()
    for row, stack in ((first, "encoder"), (second, "decoder")):
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        count, plain, single, together, each, times, ratio = map(float, cells[2:])
        assert cells[1] == stack and count > 0 < plain
        assert together == pytest.approx(each * count, rel=0.1) and times == pytest.approx(single * count / together, rel=0.1)
        assert ratio == pytest.approx(together / plain, rel=0.1)
    with pytest.raises(SystemExit, match="Give two sentences of as many tokens"):
        patching.main(["--pair", "The cat sat.", "The old dog sat.", *model])


def test_the_pairs_of_patching_make_maps(translator):
    """Of 8, 24 and 60 tokens, as the page of timings says."""
    lengths = [len(patching.read(translator, *pair)[0].source) for pair in patching.PAIRS]
    assert lengths == [8, 24, 60]
