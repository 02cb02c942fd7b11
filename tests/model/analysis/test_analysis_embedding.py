"""Neighbours against a loop, principal axes against the singular values and against distances."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.tiny import SENTENCES

from model.analysis.embedding import Vocabulary, nearest, paths, principal_axes
from model.instrument.tokenizer import SPECIAL

ROUNDING = 1e-12  # float64: processors add a narrower product up in another order
SIZES = {"rows": st.integers(1, 30), "width": st.integers(1, 12), "seed": st.integers(0, 99)}


def points(rows: int, width: int, seed: int) -> torch.Tensor:
    """Random points, away from zero and stretched, so that the axes have an order."""
    torch.manual_seed(seed)
    return torch.randn(rows, width, dtype=torch.float64) * torch.linspace(1, 3, width) + 5


def cosine(left: list[float], right: list[float]) -> float:
    """a . b / (|a| |b|), in plain Python."""
    dot = sum(a * b for a, b in zip(left, right, strict=True))
    return dot / (math.sqrt(sum(a * a for a in left)) * math.sqrt(sum(b * b for b in right)))


@given(seed=st.integers(0, 99), id_=st.integers(0, 19), count=st.integers(0, 30), apart=st.sets(st.integers(0, 19)))
def test_neighbours_equal_a_loop_over_the_vocabulary(seed, id_, count, apart):
    """The same pieces in the same order, whoever is left out."""
    weight = points(20, 6, seed)
    leave_out = torch.tensor([index in apart for index in range(20)])
    allowed = set(range(20)) - {id_} - (set() if id_ in apart else apart)
    rows = weight.tolist()
    expected = sorted(((cosine(rows[id_], rows[other]), other) for other in allowed), reverse=True)[:count]
    ids, cosines = nearest(weight, id_, count, leave_out)
    assert ids.tolist() == [other for _, other in expected]
    assert cosines.tolist() == pytest.approx([value for value, _ in expected])


def test_many_pieces_at_once_are_each_piece_alone():
    """A batch of ids changes nothing, and scaling a vector changes no cosine."""
    weight = points(20, 6, 1)
    ids, cosines = nearest(weight, [3, 3, 7], 5)
    for row, id_ in enumerate((3, 3, 7)):
        alone = nearest(weight * 7.5, id_, 5)
        assert ids[row].tolist() == alone[0].tolist() and torch.allclose(cosines[row], alone[1])
    with pytest.raises(ValueError, match="pieces 0 to 19"):
        nearest(weight, 20, 5)


def test_special_and_byte_pieces_are_neighbours_only_of_their_own(tokenizer, tiny_translator):
    """A word's neighbours are text; those of </s> may be anything."""
    vocabulary = Vocabulary.of(tokenizer, tiny_translator.weights.embedding("encoder"))
    for id_, piece in enumerate(vocabulary.pieces):
        assert bool(vocabulary.set_aside[id_]) == (id_ in SPECIAL or (piece.startswith("<0x") and piece.endswith(">")))
    word = int((~vocabulary.set_aside).nonzero()[0])
    ids, _ = vocabulary.nearest(word, 50)
    assert word not in ids.tolist() and not vocabulary.set_aside[ids].any()
    assert vocabulary.set_aside[vocabulary.nearest(3, 100)[0]].any()


@given(**SIZES)
def test_principal_axes_are_those_of_the_singular_value_decomposition(rows, width, seed):
    """Orthonormal, in order, with the squared singular values as shares; signs are fixed."""
    cloud = points(rows, width, seed)
    found = principal_axes(cloud, width)
    assert torch.allclose(found.axes @ found.axes.T, torch.eye(width, dtype=torch.float64), atol=1e-9)
    assert torch.allclose(found.mean, cloud.mean(dim=0))
    assert (found.axes.gather(1, found.axes.abs().argmax(dim=1, keepdim=True)) > 0).all()
    _, singular, rows_of_v = torch.linalg.svd(cloud - cloud.mean(dim=0), full_matrices=False)
    if rows == 1:
        assert not found.shares.any() and not found.project(cloud).any()
        return
    squares = singular**2 / (singular**2).sum()
    assert torch.allclose(found.shares[: len(squares)], squares, atol=1e-9)
    assert float(found.shares.sum()) == pytest.approx(1.0)
    for axis, other, gap in zip(found.axes, rows_of_v, squares, strict=False):
        if gap > 1e-6 and (squares - gap).abs().lt(1e-4).sum() == 1:  # an axis of its own, not one of a plane
            assert abs(float(axis @ other)) == pytest.approx(1.0, abs=1e-6)


@given(**SIZES)
def test_all_axes_keep_distances_and_few_keep_no_more_than_all(rows, width, seed):
    """A full projection is a rotation; a partial one never lengthens, and its shares add up to at most 1."""
    cloud = points(rows, width, seed)
    whole, few = principal_axes(cloud, width), principal_axes(cloud, 2)
    assert torch.allclose(torch.cdist(whole.project(cloud), whole.project(cloud)), torch.cdist(cloud, cloud), atol=1e-6)
    assert (torch.cdist(few.project(cloud), few.project(cloud)) <= torch.cdist(cloud, cloud) + 1e-6).all()
    assert float(few.shares.sum()) <= 1 + 1e-12 and len(few.axes) == min(2, width)


def test_no_spread_is_zero_and_never_a_fraction_of_nothing():
    """One point, or many copies of it in float32: shares 0, coordinates 0, no NaN."""
    for cloud in (torch.full((1, 8), 0.1), torch.full((50, 8), 0.1), torch.zeros(3, 8)):
        found = principal_axes(cloud, 3)
        assert found.shares.tolist() == [0.0] * 3
        assert float(found.project(cloud).abs().max()) < 1e-6 and found.axes.isfinite().all()
    with pytest.raises(ValueError, match="at least one point"):
        principal_axes(torch.zeros(0, 8), 2)


def test_axes_match_torch():
    """torch.pca_lowrank finds the same subspace."""
    cloud = points(40, 8, 3)
    found = principal_axes(cloud, 2)
    other = torch.pca_lowrank(cloud, q=8, niter=8)[2][:, :2].T
    assert (found.axes * other).sum(dim=1).abs().tolist() == pytest.approx([1.0, 1.0], abs=1e-4)


@pytest.mark.parametrize("side", ["encoder", "decoder"])
@pytest.mark.parametrize("text", [SENTENCES[0], "a"])
def test_paths_go_through_every_point_of_the_residual_stream(tiny_translator, side, text):
    """Distances along a full path are those between the states; a shorter one is its first columns."""
    trace = tiny_translator.trace(text, SENTENCES[1])
    states = trace.residual[side].states.double()
    full, shares = paths(trace, side, states.size(-1))
    steps = (states[1:] - states[:-1]).norm(dim=-1)
    assert torch.allclose((full[1:] - full[:-1]).norm(dim=-1), steps, atol=1e-5)
    assert float(shares.sum()) == pytest.approx(1.0)
    short, few = paths(trace, side, 2)
    torch.testing.assert_close(short, full[..., :2], atol=ROUNDING, rtol=0)
    assert torch.equal(few, shares[:2])


def test_paths_that_do_not_move_have_no_spread(tiny_translator):
    """States that are all alike."""
    trace = tiny_translator.trace("a", "b")
    still = replace(trace.residual["encoder"], states=torch.ones(5, 2, 32))
    places, shares = paths(replace(trace, residual={**trace.residual, "encoder": still}), "encoder", 3)
    assert not places.any() and not shares.any()
