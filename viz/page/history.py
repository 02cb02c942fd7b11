"""Undo and redo: the States of a session that the reader has made, one after the other."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from viz.page.state import CHANGE, SHARED, State

MOST_STEPS = 100  # that can be undone


def differences(one: State, other: State) -> frozenset[str]:
    """The settings, by their names in the address, in which two States differ."""
    names = (SHARED - {"change"}) | CHANGE
    own = {name for name in one.of_views.keys() | other.of_views.keys() if one.of_views.get(name) != other.of_views.get(name)}
    return frozenset(own | {name for name in names if one.value(name) != other.value(name)})


@dataclass(frozen=True)
class History:
    """Where the reader is on the way: what undo leads back through, and what redo leads on to, the nearest last."""

    present: State
    past: tuple[State, ...] = ()
    future: tuple[State, ...] = ()
    last: frozenset[str] = frozenset()  # what the last step changed; empty where the next one cannot go on with it

    def step(self, state: State, small: Collection[str] = ()) -> History:
        """The reader changed something: a step that can be undone. What would have been redone is given up.

        small: settings that change in small steps, by typing or by a slider; several of them in one and the same are one step.
        """
        changed = differences(self.present, state)
        if not changed:
            return self
        if self.past and changed == self.last and changed <= set(small):
            if not differences(self.past[-1], state):  # typed away again: there is nothing to undo
                return History(state, self.past[:-1])
            return replace(self, present=state, future=())
        return History(state, (*self.past, self.present)[-MOST_STEPS:], (), changed)

    def settle(self, state: State) -> History:
        """The page itself changed something, as where a link names what is not there: no step of the reader's."""
        return replace(self, present=state)

    def undo(self) -> History:
        """One step back; the same where there is none."""
        if not self.past:
            return self
        return History(self.past[-1], self.past[:-1], (*self.future, self.present))

    def redo(self) -> History:
        """One step on; the same where none was undone."""
        if not self.future:
            return self
        return History(self.future[-1], (*self.past, self.present), self.future[:-1])
