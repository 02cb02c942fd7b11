"""Every analysis against its formula, written out as loops, and against what must always hold."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.analysis import attention as analysis
from model.trace.intervention import Intervention
from model.trace.trace import Residual, Trace
from model.transformer.config import Config
from model.transformer.positions import sinusoids

SEEDS = st.integers(0, 10_000)


def weights(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).softmax(dim=-1)


def bare(change: Intervention = Intervention(), kind: str = "sinusoidal", **parts: dict) -> Trace:
    """A trace with these parts and nothing else."""
    return Trace({}, change, Config(d_model=32, heads=4, positions=kind).anatomy(), {}, **parts)


def with_positions(change: Intervention, added: torch.Tensor, kind: str = "sinusoidal") -> Trace:
    return bare(change, kind, positions={"encoder": added})


@given(SEEDS, st.integers(1, 9))
def test_entropy_is_between_zero_and_the_log_of_the_keys(seed, keys):
    found = analysis.entropy(weights(seed, 2, 3, 4, keys))
    assert found.shape == (2, 3, 4)
    assert (found >= -1e-6).all() and (found <= math.log(keys) + 1e-5).all()


def test_entropy_by_hand():
    rows = torch.tensor([[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.0, 0.0, 0.0], [0.5, 0.25, 0.25]])
    expected = [0.0, math.log(3), 0.0, -(0.5 * math.log(0.5) + 0.5 * math.log(0.25))]
    assert analysis.entropy(rows).tolist() == pytest.approx(expected, abs=1e-6)


@given(SEEDS, st.integers(1, 7))
def test_mean_distance_is_the_double_loop(seed, length):
    given_weights = weights(seed, 2, length, length)
    found = analysis.mean_distance(given_weights)
    for head in range(2):
        for query in range(length):
            expected = sum(float(given_weights[head, query, key]) * abs(query - key) for key in range(length))
            assert float(found[head, query]) == pytest.approx(expected, abs=1e-5)


def test_mean_distance_needs_one_side():
    with pytest.raises(ValueError, match="self-attention"):
        analysis.mean_distance(weights(0, 3, 4))


@given(SEEDS, st.integers(1, 6), st.integers(1, 6))
def test_strongest_cell_is_the_largest_of_the_first_worthy_tier(seed, queries, keys):
    found = weights(seed, queries, keys)
    everywhere, nowhere = torch.ones(queries, keys, dtype=torch.bool), torch.zeros(queries, keys, dtype=torch.bool)
    query, key = analysis.strongest_cell(found, [nowhere, everywhere])
    assert found[query, key] == found.max()


def test_strongest_cell_passes_over_a_tier_that_holds_little():
    found = torch.tensor([[0.98, 0.02], [0.6, 0.4]])
    small, fair = torch.tensor([[False, True], [False, False]]), torch.tensor([[False, False], [False, True]])
    assert analysis.strongest_cell(found, [small, torch.ones(2, 2, dtype=torch.bool)]) == (0, 0)
    assert analysis.strongest_cell(found, [fair, torch.ones(2, 2, dtype=torch.bool)]) == (1, 1)
    assert analysis.strongest_cell(torch.zeros(2, 2), [small]) == (0, 0)


@given(SEEDS, st.integers(1, 8))
def test_similarity_is_symmetric_with_ones_on_the_diagonal(seed, length):
    encoding = torch.randn(length, 12, generator=torch.Generator().manual_seed(seed))
    found = analysis.position_similarity(encoding)
    assert torch.allclose(found, found.T, atol=1e-6) and torch.allclose(found.diag(), torch.ones(length), atol=1e-5)
    assert float(found[0, -1]) == pytest.approx(float(torch.cosine_similarity(encoding[0], encoding[-1], dim=0)), abs=1e-5)
    assert (analysis.position_similarity(torch.zeros(length, 4)) == 0).all()


def test_a_wave_repeats_after_its_wavelength():
    for pair, wavelength in enumerate(analysis.wavelengths(16).tolist()):
        start = torch.tensor([0.0, 0.3 * wavelength])
        one, two = sinusoids(start, 16), sinusoids(start + wavelength, 16)
        assert torch.allclose(one[:, 2 * pair : 2 * pair + 2], two[:, 2 * pair : 2 * pair + 2], atol=2e-3)


def test_sinusoidal_is_recognised():
    plain = sinusoids(torch.arange(9), 32)
    assert analysis.is_sinusoidal(plain)
    assert not analysis.is_sinusoidal(plain.flip(0)) and not analysis.is_sinusoidal(torch.zeros(9, 32))
    assert not analysis.is_sinusoidal(torch.zeros(9, 31))


@given(st.permutations(range(7)), st.floats(0.25, 3) | st.floats(-3, -0.25))
def test_given_positions_finds_any_order(order, scale):
    added = sinusoids(torch.arange(7), 32)[list(order)] * scale
    trace = with_positions(Intervention(source_positions="shuffled", position_scale=scale), added)
    assert analysis.given_positions(trace, "encoder") == list(order)


def test_given_positions_without_shuffling():
    plain = torch.randn(5, 32)

    def find(**change):
        return analysis.given_positions(with_positions(Intervention(**change), plain, "learned"), "encoder")

    assert find() == [0, 1, 2, 3, 4]
    assert find(source_positions="reversed") == [4, 3, 2, 1, 0]
    assert find(source_positions="none") is None and find(position_scale=0.0) is None
    assert find(source_positions="shuffled") is None  # a learned encoding cannot be known from a trace alone
    trace = with_positions(Intervention(source_positions="shuffled"), plain[[2, 0, 1, 4, 3]], "learned")
    assert analysis.given_positions(trace, "encoder", plain) == [2, 0, 1, 4, 3]


def test_input_parts_obey_the_law_of_cosines():
    token, position = torch.randn(6, 32), torch.randn(6, 32)
    parts = analysis.input_parts(bare(embeddings={"encoder": token}, positions={"encoder": position}), "encoder")
    squared = parts["token"] ** 2 + parts["position"] ** 2 + 2 * parts["token"] * parts["position"] * parts["cosine"]
    assert torch.allclose(parts["sum"] ** 2, squared, rtol=1e-4)


def test_residual_norms_and_shares_are_loops_over_vectors():
    states, written = torch.randn(5, 3, 8), torch.randn(4, 3, 8)
    states[0, 0] = 0
    trace = bare(residual={"encoder": Residual(states, written, ["a"] * 5)})
    norms, shares = analysis.residual_norms(trace, "encoder"), analysis.written_shares(trace, "encoder")
    assert norms.shape == (5, 3) and shares.shape == analysis.written_norms(trace, "encoder").shape == (4, 3)
    for sublayer in range(4):
        for position in range(3):
            before = math.sqrt(sum(float(value) ** 2 for value in states[sublayer, position]))
            wrote = math.sqrt(sum(float(value) ** 2 for value in written[sublayer, position]))
            assert float(norms[sublayer, position]) == pytest.approx(before, rel=1e-5, abs=1e-6)
            assert float(shares[sublayer, position]) == pytest.approx(wrote / before if before else 0.0, rel=1e-4)
