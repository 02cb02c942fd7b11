"""The recurrent translator: its equations written out as loops, and what must not change its answers."""

from __future__ import annotations

import math

import pytest
import torch
from support.relatives import relative

from model.trace.anatomy import EDITS
from model.transformer.recurrent import Recurrent, RecurrentConfig

SIZE = 50
SOURCE = torch.tensor([[5, 6, 7, 8, 3], [9, 10, 3, 0, 0]])
TARGET = torch.tensor([[2, 11, 12, 13], [2, 14, 15, 0]])


def gru(cell: dict[str, torch.Tensor], suffix: str, x: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
    """One step of Cho et al. (2014), as torch writes it; x and state are vectors."""
    given = cell[f"weight_ih{suffix}"] @ x + cell[f"bias_ih{suffix}"]
    held = cell[f"weight_hh{suffix}"] @ state + cell[f"bias_hh{suffix}"]
    (reset, update, new), (reset_held, update_held, new_held) = given.chunk(3), held.chunk(3)
    update = torch.sigmoid(update + update_held)
    new = torch.tanh(new + torch.sigmoid(reset + reset_held) * new_held)
    return (1 - update) * new + update * state


def by_loops(model: Recurrent, source: list[int], target: list[int]) -> torch.Tensor:
    """Logits (target, vocabulary) of one pair, step by step from the paper's equations."""
    table, scale = model.encoder.embedding.weight, math.sqrt(model.config.d_model)
    cell = dict(model.encoder.recurrent.named_parameters())
    left, right = [torch.zeros(model.config.d_encoder)], [torch.zeros(model.config.d_encoder)]
    for id_ in source:
        left.append(gru(cell, "_l0", table[id_] * scale, left[-1]))
    for id_ in reversed(source):
        right.append(gru(cell, "_l0_reverse", table[id_] * scale, right[-1]))
    annotations = [torch.cat(pair) for pair in zip(left[1:], right[:0:-1], strict=True)]
    decoder = model.decoder
    state = torch.tanh(decoder.start(right[-1]))
    rows = []
    for id_ in target:
        energies = [
            decoder.attention.energy(torch.tanh(decoder.attention.query(state) + decoder.attention.key(h))) for h in annotations
        ]
        weights = torch.softmax(torch.cat(energies), 0)
        context = sum(weight * h for weight, h in zip(weights, annotations, strict=True))
        state = gru(dict(decoder.cell.named_parameters()), "", torch.cat([table[id_] * scale, context]), state)
        rows.append(table @ torch.tanh(decoder.readout(torch.cat([state, context, table[id_] * scale]))))
    return torch.stack(rows)


def test_it_computes_what_the_paper_says():
    """Bahdanau et al. (2015), section 3, with the cells of Cho et al. (2014)."""
    model = relative("gru", SIZE)
    with torch.no_grad():
        torch.testing.assert_close(
            model(SOURCE, TARGET)[0], by_loops(model, [5, 6, 7, 8, 3], [2, 11, 12, 13]), atol=1e-5, rtol=1e-5
        )


def test_padding_and_neighbours_change_nothing():
    """A short pair gives the same alone and beside a longer one: the backward GRU begins at its last real token."""
    model = relative("gru", SIZE)
    torch.testing.assert_close(model(SOURCE, TARGET)[1:, :3], model(SOURCE[1:, :3], TARGET[1:, :3]), atol=1e-6, rtol=1e-5)


def test_later_target_tokens_change_nothing_before_them():
    """It writes from left to right."""
    model = relative("gru", SIZE)
    other = TARGET.clone()
    other[0, 2] = 20
    before, after = model(SOURCE, TARGET), model(SOURCE, other)
    assert torch.equal(before[0, :2], after[0, :2]) and not torch.allclose(before[0, 2], after[0, 2])


def test_what_is_carried_gives_the_same_states():
    """Token by token it computes what it computes at once, also after other rows have been chosen."""
    model = relative("gru", SIZE)
    memory, mask = model.encode(SOURCE)
    cache = model.new_cache()
    steps = [model.decode(TARGET[:, at : at + 1], memory, mask, cache) for at in range(2)]
    cache[0].select(torch.tensor([1, 0]))
    swapped = model.decode(TARGET.flip(0)[:, 2:], memory.flip(0), mask.flip(0), cache)
    whole = torch.cat([*steps, swapped.flip(0)], 1)
    torch.testing.assert_close(whole, model.decode(TARGET, memory, mask), atol=1e-6, rtol=1e-5)


def test_more_tokens_than_it_reads_are_refused():
    """On either side, in words."""
    model = relative("gru", SIZE)
    long = torch.full((1, 61), 5)
    for source, target in ((long, TARGET[:1]), (SOURCE[:1], long)):
        with pytest.raises(ValueError, match="at most 60 tokens, not 61"):
            model(source, target)


def test_its_anatomy_says_what_it_lacks():
    """One map of one head, and a sentence for each change that it cannot follow."""
    anatomy = relative("gru", SIZE).anatomy
    assert [(kind.name, kind.layers, kind.heads, kind.scores) for kind in anatomy.kinds] == [("cross", 1, 1, "additive")]
    assert anatomy.obeys == {"cut", "temperature"} and all(anatomy.why(field).endswith(".") for field in EDITS - anatomy.obeys)
    assert anatomy.stack("decoder").predicts == "next" and anatomy.positions == "none"


@pytest.mark.parametrize(
    "shape", [{"d_model": 0}, {"d_decoder": 2.0}, {"dropout": 1}, {"pad_id": 8000}, {"max_length": 10**9}], ids=str
)
def test_a_shape_that_cannot_be_is_refused(shape):
    """The field is named."""
    with pytest.raises(ValueError, match=next(iter(shape))):
        RecurrentConfig(**shape)
    with pytest.raises(ValueError, match="Unknown"):
        RecurrentConfig.from_dict({"heads": 2})
