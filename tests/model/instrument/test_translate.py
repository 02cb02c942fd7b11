"""Search: with and without cache, greedy against a plain loop, beam against all sequences, batches against single rows."""

from __future__ import annotations

import itertools

import pytest
import torch
from support.tiny import SENTENCES, tiny_model

from model.instrument.recorder import Recorder, recording
from model.instrument.search import LENGTH_PENALTY, length_limits, search
from model.instrument.tokenizer import END, PAD, START, UNKNOWN
from model.trace.intervention import Intervention
from model.training.data import pad
from model.transformer.config import Config
from model.transformer.transformer import Transformer


@pytest.fixture(scope="module")
def sources(tokenizer) -> torch.Tensor:
    """Padded source ids of a few sentences of different lengths."""
    return pad([tokenizer.source(text).ids for text in (SENTENCES[0], SENTENCES[4], "Two dogs", "a")])


@pytest.fixture(scope="module", params=[0, 1])
def model(request, tokenizer):
    """Two untrained models; sharper logits than at the start, so that sequences end and differ."""
    model = tiny_model(tokenizer, seed=request.param)
    with torch.no_grad():
        model.encoder.embedding.weight.mul_(1.5)
    return model


def greedy_by_hand(model, source: torch.Tensor) -> list[int]:
    """Argmax, token by token, over the whole prefix each time."""
    ids, limit = [START], int(length_limits(source[None], model))
    while len(ids) < limit:
        logits = model(source[None], torch.tensor([ids]))[0, -1]
        logits[[PAD, UNKNOWN, START]] = float("-inf")
        best = int(logits.argmax())
        if best == END:
            break
        ids.append(best)
    return ids[1:]


@torch.no_grad()
def test_greedy_equals_a_plain_loop(model, sources):
    """Beam of one is argmax at every step."""
    for source in sources:
        source = source[source != PAD]
        assert search(model, source[None])[0] == greedy_by_hand(model, source)


@pytest.mark.parametrize("beam", [1, 5])
def test_cache_changes_nothing(model, sources, beam):
    """With and without key/value cache: the same ids."""
    assert search(model, sources, beam) == search(model, sources, beam, use_cache=False)


@pytest.mark.parametrize("beam", [1, 5])
def test_batch_changes_nothing(model, sources, beam):
    """Padding and neighbours leave every translation as it is alone."""
    alone = [search(model, source[source != PAD][None], beam)[0] for source in sources]
    assert search(model, sources, beam) == alone


@torch.no_grad()
def test_a_wide_beam_finds_the_best_of_all_sequences():
    """On a vocabulary of three words and a few steps, a beam as wide as everything is brute force."""
    torch.manual_seed(3)
    model = Transformer(
        Config(vocabulary_size=7, d_model=16, heads=2, encoder_layers=1, decoder_layers=1, d_ff=16, max_length=4)
    ).eval()
    with torch.no_grad():
        model.encoder.embedding.weight.mul_(6)
    source = torch.tensor([[4, 5, END]])
    allowed = [END, 4, 5, 6]

    def score(ids: tuple[int, ...]) -> float:
        target = torch.tensor([[START, *ids]])
        logits = model(source, target)[0]
        logits[:, [PAD, UNKNOWN, START]] = float("-inf")
        steps = logits.log_softmax(-1)
        chosen = [steps[at, id_] for at, id_ in enumerate((*ids, END))]
        return float(sum(chosen)) / ((5 + len(ids) + 1) / 6) ** LENGTH_PENALTY

    every = [ids for length in range(4) for ids in itertools.product(allowed[1:], repeat=length)]
    assert tuple(search(model, source, beam=40)[0]) == max(every, key=score)


@pytest.mark.parametrize(
    "change",
    [
        Intervention(window=2), Intervention(temperature=0.5), Intervention(scaled=False), Intervention(target_positions="none"),
        Intervention(source_positions="shuffled", position_scale=2.0), Intervention(heads_off=frozenset({("cross", 1, 2), ("decoder", 0, 0)})),
        Intervention(cut=frozenset({("decoder", None, 3, 1), ("cross", 1, 2, 0), ("encoder", 0, 1, 1)})),
    ],
)  # fmt: skip
def test_cached_decoding_is_exact_under_interventions(model, sources, change):
    """Where an edit leaves earlier rows alone, the cache may be used and gives the same ids."""
    assert change.keeps_earlier_steps
    source = sources[1:2][:, sources[1] != PAD]
    with recording(Recorder(model.anatomy, change, captures=False)):
        assert search(model, source, 1) == search(model, source, 1, use_cache=False)
