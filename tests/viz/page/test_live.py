"""What runs alone while someone types or chooses, and what makes the whole page run."""

from __future__ import annotations

import pytest

from model.trace.intervention import Intervention
from viz.page.live import frame
from viz.page.state import State

CALM = (
    {"text": "A dog ran."},
    {"view": "tokens"},
    {"change": Intervention(causal=False)},
    {"layer": 2, "head": 1},
    {"lab": True},
)
LARGE = (
    {"model": "en-fr-none"},
    {"moment": 0},
    {"asks_target": True},
    {"target": "Le chien."},
    {"lesson": 3},
    {"present": "1"},
    {"room": "KBDFGH"},
)


@pytest.mark.parametrize("values", CALM)
def test_what_is_drawn_in_the_fragment_leaves_the_rest_standing(values):
    """Typing, choosing a view or a head, and changing the model."""
    assert frame(State().having(**values)) == frame(State())


@pytest.mark.parametrize("values", LARGE)
def test_what_is_drawn_outside_of_it_runs_the_whole_page(values):
    """Another model, the slider of its training, the field of one's own translation, a lesson, the wall."""
    assert frame(State().having(**values)) != frame(State())


def test_a_step_of_the_training_is_no_new_page():
    """The slider stands there already; so does the field, whatever is typed into it."""
    assert frame(State().having(moment=0)) == frame(State().having(moment=5))
    assert frame(State().having(asks_target=True, target="Le chien.")) == frame(State().having(asks_target=True))
