"""Undo and redo as values: what leads back leads on again, whatever the reader did in between."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from viz.page.history import MOST_STEPS, History, differences
from viz.page.state import State

START = State(of_views={"height": 1})
SMALL = ("text", "temperature")
changes = st.one_of(
    st.builds(lambda text: {"text": text}, st.text(max_size=3)),
    st.builds(lambda view: {"view": view}, st.sampled_from(["tokens", "lines", "steps"])),
    st.builds(lambda value: {"temperature": value}, st.sampled_from([0.5, 1.0, 2.0])),
    st.builds(lambda layer, head: {"layer": layer, "head": head}, st.integers(0, 3), st.integers(0, 3)),
    st.builds(lambda height: {"height": height}, st.integers(1, 4)),
    st.builds(lambda on: {"causal": on, "lab": on}, st.booleans()),
)
walks = st.lists(st.one_of(changes, st.just("undo"), st.just("redo")), max_size=30)


def walked(walk) -> History:
    """The history after these changes and steps back and on."""
    history = History(START)
    for step in walk:
        history = {"undo": history.undo, "redo": history.redo}[step]() if isinstance(step, str) else changed(history, step)
    return history


def changed(history: History, values: dict) -> History:
    """The reader changed settings."""
    return history.step(history.present.having(**values), SMALL)


@given(walk=walks)
def test_undo_and_redo_are_each_others_reverse(walk):
    """What undo shows, redo takes back, and the other way; at either end nothing happens."""
    history = walked(walk)
    back, on = history.undo(), history.redo()
    assert back.redo().present == history.present if history.past else back is history
    assert on.undo().present == history.present if history.future else on is history
    if history.past:
        assert back.redo().past == history.past and back.redo().future == history.future


@given(walk=walks)
def test_undo_leads_back_to_the_start(walk):
    """Through every State that stood there in between, each different from the next."""
    history = walked(walk)
    states = [history.present]
    while history.past:
        history = history.undo()
        states.append(history.present)
    assert states[-1] == START
    assert all(differences(one, other) for one, other in pairwise(states))


@given(walk=walks, change=changes)
def test_a_change_can_be_undone_and_gives_up_what_was_undone(walk, change):
    """Unless it changes nothing."""
    history = walked(walk)
    after = changed(history, change)
    if after.present == history.present:
        assert after == history
        return
    assert not after.future and after.present == history.present.having(**change)
    if after.present == history.undo().present and len(after.past) < len(history.past):
        assert after.past == history.past[:-1]  # typed away again
        return
    is_more = after.last == history.last and after.last <= set(SMALL)
    assert after.undo().present == (history.undo().present if is_more and history.past else history.present)


def test_what_is_typed_or_moved_is_one_step():
    """Three pauses in typing, then a slider, then typing again: three steps."""
    history = History(START)
    for values in ({"text": "a"}, {"text": "ab"}, {"text": "abc"}, {"temperature": 2.0}, {"temperature": 0.5}, {"text": "b"}):
        history = changed(history, values)
    assert [state.text for state in history.past] == [START.text, "abc", "abc"]
    assert history.undo().present.change.temperature == 0.5 and history.undo().undo().present.change.temperature == 1.0
    history = changed(changed(History(START), {"text": "a"}).undo(), {"text": "b"})
    assert history.undo().present == START  # typing after going back is a step of its own


def test_a_session_keeps_a_bounded_number_of_steps():
    """The oldest ones go."""
    history = History(START)
    for height in range(2, 2 * MOST_STEPS):
        history = changed(history, {"height": height})
    assert len(history.past) == MOST_STEPS and history.past[-1].height == 2 * MOST_STEPS - 2


def test_what_the_page_itself_changes_is_no_step():
    """A head that a link names and the model lacks is left out; undo leads past that."""
    history = changed(History(START), {"view": "lines"})
    settled = history.settle(history.present.having(layer=2))
    assert settled.present.layer == 2 and settled.undo() == History(START, (), (settled.present,))


def test_differences_are_named_as_in_the_address():
    """Of the change, of what views share, and of a view's own."""
    other = START.having(causal=False, view="lines", height=3, text="x")
    assert differences(START, other) == {"causal", "view", "height", "text"} and not differences(other, other)
