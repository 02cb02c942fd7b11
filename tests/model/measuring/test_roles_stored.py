"""roles.json: bound to the weights, complete, and made by the same code."""

from __future__ import annotations

import json

import pytest
import torch
from support.tiny import ATTENTION_KINDS, SENTENCES

from model.analysis.roles import ROLES
from model.instrument.pretrained import CheckpointError, checkpoint_folder
from model.measuring.roles import FILE, load_roles, measure_pairs, sample, save_roles

PAIRS = list(zip(SENTENCES[::2], SENTENCES[1::2], strict=True))


@pytest.fixture(scope="module")
def stored(translator):
    """What is shipped."""
    return load_roles(checkpoint_folder("en-fr"), translator.about["weights_sha256"])


def test_the_shipped_file_belongs_to_the_shipped_weights(translator, stored):
    """Every role of every head, between 0 and 1; some heads have roles, none has all."""
    assert stored is not None and stored.sentences == 500
    config = translator.model.config
    for kind in ATTENTION_KINDS:
        layers = config.encoder_layers if kind == "encoder" else config.decoder_layers
        assert set(stored.roles[kind]) == {role.name for role in ROLES if kind in role.kinds(config.anatomy())}
        for got in stored.roles[kind].values():
            for values in (got.score, got.null, got.deviation, got.null_deviation):
                assert values.shape == (layers, config.heads) and bool(((values >= 0) & (values <= 1)).all())
            assert 0 < got.sentences <= 500
        assert all(value.shape == (layers, config.heads) for value in stored.statistics[kind].values())
    assert any(stored.having(role.name) for role in ROLES)


def test_measuring_again_gives_the_same_shapes_and_like_numbers(translator, stored):
    """Three sentences: every score as far as their number allows, five standard deviations of one sentence."""
    measures = measure_pairs(translator, PAIRS)
    for kind in ATTENTION_KINDS:
        assert set(measures.statistics[kind]) == set(stored.statistics[kind])
        for name, got in measures.roles[kind].items():
            kept = stored.roles[kind][name]
            assert got.score.shape == kept.score.shape
            assert bool(((got.score - kept.score).abs() <= 5 * kept.deviation + 0.05).all())


def test_what_is_written_is_read_back(tiny_translator, tmp_path):
    """To four digits; the same seed gives the same file; other weights or no file give None; a damaged one is named."""
    measures = measure_pairs(tiny_translator, PAIRS)
    path = save_roles(tmp_path, measures, "abc", "three pairs")
    text = path.read_text(encoding="utf-8")
    assert json.loads(text)["about"] == "three pairs"
    back = load_roles(tmp_path, "abc")
    for kind in ATTENTION_KINDS:
        for name, got in measures.roles[kind].items():
            torch.testing.assert_close(back.roles[kind][name].score, got.score, atol=6e-5, rtol=0)
            assert torch.equal(back.roles[kind][name].has, got.has)
    save_roles(tmp_path, measure_pairs(tiny_translator, PAIRS), "abc", "three pairs")
    assert path.read_text(encoding="utf-8") == text
    assert load_roles(tmp_path, "other") is None and load_roles(tmp_path / "nowhere", "abc") is None
    for damaged in (text[:-20], "[]", "{}", '{"weights_sha256": "abc"}'):
        (tmp_path / FILE).write_text(damaged, encoding="utf-8")
        with pytest.raises(CheckpointError, match=FILE):
            load_roles(tmp_path, "abc")


def test_missing_data_is_an_error_in_words(tmp_path):
    """Names the file."""
    with pytest.raises(OSError, match="tatoeba.dev"):
        sample(tmp_path)
