"""The sheets that ship are of the weights that ship, and every link that they show is there."""

from __future__ import annotations

import json

import pytest

from model.corpus.examples import FEWEST, WAYS
from model.corpus.sheets import FILE, Sheets, load_sheets
from model.instrument.checkpoint import checkpoint_folder
from model.measuring.roles import load_roles


@pytest.fixture(scope="module")
def sheets(translator) -> Sheets:
    """Beside the checkpoint."""
    return load_sheets(translator.folder, translator.about["weights_sha256"], translator.anatomy)


def test_examples_weigh_what_the_sheets_say(translator, sheets):
    """Of some heads of every kind, in texts read anew: the stored link, its weight, and texts long enough to say something."""
    for kind in translator.anatomy.kinds:
        for layer, head in ((0, 1), (3, 6), (5, 4)):
            for way in WAYS:
                each = sheets.of(kind.name, layer, head).examples[way][0]
                trace = translator.trace(each.source, each.target)
                weight = trace.attention[kind.name].weights[layer, head, each.query, each.key]
                assert float(weight) == pytest.approx(each.weight, abs=2e-3)
                assert len(trace.rows(kind.name).read) >= FEWEST


def test_shares_add_up_and_roles_are_those_of_the_sample(translator, sheets):
    """All attention of a head is 1; where the sample of roles.json is sure of a role, the whole text mostly agrees."""
    for kind in translator.anatomy.kinds:
        sheet = sheets.of(kind.name, 2, 2)
        for rows in (sheet.offsets, sheet.classes):
            assert sum(share for _, share, _ in rows) == pytest.approx(1, abs=0.01)
            assert sum(even for _, _, even in rows) == pytest.approx(1, abs=0.01)
    sample = load_roles(translator.folder, translator.about["weights_sha256"])
    for role in ("previous", "next", "alignment"):
        ours, others = sheets.measures.having(role), sample.having(role)
        assert len(ours & others) >= len(ours ^ others)


def test_they_are_small_and_of_all_its_text():
    """What ships with the package stays under a megabyte, of a quarter of a million pairs, as the card says."""
    path = checkpoint_folder("en-fr") / FILE
    assert path.stat().st_size < 1 << 20
    count = json.loads(path.read_text(encoding="utf-8"))["sentences"]
    assert count > 250_000 and f"all {count:,} pairs" in (path.parent / "README.md").read_text("utf-8")
