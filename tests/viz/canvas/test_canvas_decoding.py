"""What the player of decoding is sent: the model's own probabilities and weights, row by row."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from support.tiny import SENTENCES

from model.analysis.decoding import continue_greedily, next_pieces
from model.analysis.words import join_words
from model.instrument.tokenizer import END
from model.trace.intervention import Intervention
from viz.canvas import decoding_numbers, pack_decoding
from viz.canvas.shared.packing import fine_weights, split
from viz.theme import token_label

LAYER, HEAD = 1, 2


def sent(translator, trace, **more) -> tuple[dict, np.ndarray]:
    """Header and weights (2, target, source) as they arrive."""
    header, weights = arrived(translator, trace, **more)
    pieces = 2 * len(trace.labels) * len(trace.source)
    return header, weights[:pieces].reshape(2, len(trace.labels), len(trace.source))


def arrived(translator, trace, **more) -> tuple[dict, np.ndarray]:
    """Header and all weights, flat: behind those of the pieces the ones of the lines."""
    header, codes = split(pack_decoding(trace, translator.tokenizer.piece, LAYER, HEAD, **more))
    return header, fine_weights(codes)


@pytest.fixture(scope="module")
def trace(tiny_translator):
    """A pair with markup in it."""
    return tiny_translator.trace(SENTENCES[0], SENTENCES[1] + " <b> 中 😀")


@pytest.mark.parametrize(
    "change", [Intervention(), Intervention(cut=frozenset({("cross", None, 3, None), ("cross", 1, None, 2)}))]
)
def test_weights_arrive_row_by_row(tiny_translator, change):
    """Of the head and of the mean over all heads; a row of cut links is all zero."""
    trace = tiny_translator.trace(SENTENCES[0], SENTENCES[1], change)
    _, weights = sent(tiny_translator, trace)
    every = trace.attention["cross"].weights
    assert np.allclose(weights[0], every[LAYER, HEAD], atol=1e-4)
    assert np.allclose(weights[1], every.mean(dim=(0, 1)), atol=1e-4)
    sums = weights.sum(-1)
    assert np.allclose(np.delete(sums, 3, axis=1), 1, atol=2e-3) and (sums[:, 3] == 0).all() == bool(change.cut)


@pytest.mark.parametrize("words", [False, True])
def test_lines_join_what_is_drawn(tiny_translator, trace, words):
    """Between pieces, or between words: the head's own weights, and every chip begins where the one before it ended."""
    maps = join_words(trace) if words else None
    header, weights = arrived(tiny_translator, trace, maps=maps)
    expected = (maps or trace).attention["cross"].weights[LAYER, HEAD]
    flow, lines = header["flow"], weights[2 * len(trace.labels) * len(trace.source) :]
    assert np.allclose(lines.reshape(expected.shape), expected, atol=1e-4)
    assert [len(flow[side]["labels"]) for side in ("target", "source")] == list(expected.shape)
    assert flow["starts"] == ([group[0] for group in trace.labels.groups] if words else list(range(len(trace.labels))))
    assert flow["target"]["special"] == [len(flow["starts"]) - 1] and (len(flow["starts"]) < len(trace.labels)) == words


def test_every_step_has_the_best_pieces_and_what_was_said(tiny_translator, trace):
    """Five of them, the largest first, with their ids; rank and probability of the label against a sort of all pieces."""
    header, _ = sent(tiny_translator, trace)
    values, ids = next_pieces(trace.logits, trace.anatomy.vocabulary)
    assert len(header["steps"]) == len(trace.labels) and header["ids"] == trace.labels.ids
    for step, (row, chances, order) in enumerate(zip(header["steps"], values.tolist(), ids.tolist(), strict=True)):
        assert [id_ for id_, _, _ in row["best"]] == order[:5]
        assert [piece for _, piece, _ in row["best"]] == [token_label(tiny_translator.tokenizer.piece(id_)) for id_ in order[:5]]
        assert np.allclose([chance for _, _, chance in row["best"]], chances[:5])
        chance, rank = row["output"]
        place = order.index(trace.labels.ids[step])
        assert chance == pytest.approx(chances[place]) and rank == place + 1


def test_choices_and_limits_are_named(tiny_translator):
    """Which steps were chosen; whether the length limit ended the sentence; whether rows are as they were while decoding."""
    tokenizer, model = tiny_translator.tokenizer, tiny_translator.model
    found = continue_greedily(model, tokenizer.source("Two dogs").ids, ((2, 300), (4, END)))
    labels = tokenizer.with_end(tokenizer.decode(found.ids))
    for change in (Intervention(), Intervention(causal=False)):
        trace = tiny_translator.trace("Two dogs", labels, change)
        header, _ = sent(tiny_translator, trace, choices=found.taken, limit=len(labels))
        assert header["choices"] == [2, 4] and header["limit"] == len(labels) and header["own"] is False
        assert header["same"] is change.causal
        assert header["output"]["special"] == [len(labels) - 1]
        assert sent(tiny_translator, trace, limit=len(labels) + 1)[0]["limit"] is None


def test_the_same_pass_gives_the_same_bytes(tiny_translator, trace):
    """So nothing is sent twice."""
    again = tiny_translator.trace(SENTENCES[0], trace.labels)
    packed = [pack_decoding(one, tiny_translator.tokenizer.piece, LAYER, HEAD) for one in (trace, again)]
    assert packed[0] == packed[1]


def test_nothing_in_the_trace_is_changed(tiny_translator, trace):
    """Pieces that are never said are left out of a copy."""
    before = trace.logits.clone()
    sent(tiny_translator, trace)
    assert torch.equal(trace.logits, before)


def test_every_number_of_the_player_stands_in_a_table(tiny_translator, trace):
    """Of each step what was said, what else could have been, and the weights of the head and of all heads."""
    steps, head, mean = decoding_numbers(pack_decoding(trace, tiny_translator.tokenizer.piece, LAYER, HEAD))
    chances = trace.logits.softmax(-1).max(-1).values
    assert [len(steps[1]), len(head[1])] == [len(trace.labels)] * 2 and len(head[2]) == len(trace.source)
    assert all(len(line) == len(steps[2]) for line in steps[3])
    assert all(
        line[3] >= float(chance) - 1e-6 for line, chance in zip(steps[3], chances, strict=True)
    )  # the best of what may be said
    every = trace.attention["cross"].weights
    assert np.allclose(head[3], every[LAYER, HEAD], atol=1e-4) and np.allclose(mean[3], every.mean(dim=(0, 1)), atol=1e-4)
