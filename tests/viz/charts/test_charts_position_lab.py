"""The laboratory of positions draws what the formulas say."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from model.analysis.permutation import compare_orders, shuffled_words
from model.transformer.positions import sinusoids
from viz import charts
from viz.theme import small


def test_wavelengths_are_those_of_the_formula():
    """Two numbers that follow each other in a pair repeat after so many positions."""
    drawn = charts.wavelength_chart(32, 15, 500).data[0]
    for pair, wave in zip(drawn.x, drawn.y, strict=True):
        assert wave == pytest.approx(2 * math.pi * 10000 ** (2 * pair / 32))
    whole = sinusoids(torch.tensor([0.0, drawn.y[0]]), 32)
    assert torch.allclose(whole[0, :2], whole[1, :2], atol=1e-5)


def test_dot_products_of_sinusoids_are_a_sum_of_cosines():
    """From every start the same function of the distance."""
    for line in charts.dot_products(sinusoids(torch.arange(40), 16)).data:
        expected = [sum(math.cos(k * 10000 ** (-2 * pair / 16)) for pair in range(8)) for k in line.x]
        assert np.allclose(line.y, expected, atol=1e-4)


def test_the_spectrum_finds_a_wave():
    """All the power of one wave is at its wavelength; the shares of any encoding add up to 1."""
    wave = torch.sin(2 * math.pi * torch.arange(128) / 16)[:, None].expand(-1, 4)
    drawn = charts.spectrum_chart({"wave": wave, "noise": torch.randn(128, 4, generator=torch.Generator().manual_seed(0))}).data
    assert drawn[0].x[int(np.argmax(drawn[0].y))] == pytest.approx(16)
    assert all(sum(part.y) == pytest.approx(1) for part in drawn)


def test_differences_of_orders_are_drawn_as_they_are(tiny_translator):
    """One mark a token and line; nothing below the floor of the axis."""
    tokens = tiny_translator.source("Two dogs are playing in the snow.")
    found = compare_orders(tiny_translator.passes, tokens, shuffled_words(tokens, 1))
    drawn = {part.name: part.y for part in charts.order_differences(found, tokens).data}
    assert np.allclose(drawn["with positions"], found.with_positions.numpy())
    assert all(len(values) == len(tokens) and min(values) > 0 for values in drawn.values())


def test_the_hover_says_how_long_the_whole_change_is(tiny_translator):
    """As a share of the state; what was typed never becomes markup."""
    tokens = tiny_translator.source("Two <b>dogs</b> cost $5$.")
    found = compare_orders(tiny_translator.passes, tokens, shuffled_words(tokens, 1))
    size, on, off = charts.order_differences(found, tokens).data
    assert all(said == "" for _, said, _ in size.customdata)
    for part, shares in ((on, found.with_share), (off, found.without_share)):
        said = [words for _, words, _ in part.customdata]
        assert all(f"{small(share)} ×" in words for words, share in zip(said, shares.tolist(), strict=True))
    assert "$5" not in charts.order_differences(found, tokens).to_json()
