"""Handles: places in a model that a probe has looked into where values of another pass can be put in, found by numbers.

A point of the residual stream is often seen where it goes into a norm; what is put in there never reaches the stream itself. Its handle
passes the same numbers, and all that follows goes through it: what a whole layer returns, or what the next one is given. What a
sublayer writes is its own handle. That they are ones, `proof` shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from model.instrument.probe import Event, Site, Stream

Handles = Mapping[int, Site]  # by point of the stream: the embedding, and what stands behind each layer


def find_handles(events: list[Event], stream: Stream, starts: Sequence[int], sublayers: int) -> Handles | None:
    """The handles of a stack; None where a point has none. starts: events before each of its attention calls; sublayers: of a layer."""
    index = {event.site: at for at, event in enumerate(events)}
    points = [index[site] for what, site in stream.taps if what in ("states", "middle")]
    if not points:
        return None
    rows = len(events[points[0]].tensor)
    shared = {event.site[:2] for event in events if len(event.tensor) != rows}  # with the other stack: calls are not told apart
    if any(site[:2] in shared for what, site in stream.taps if what == "written"):
        return None
    found = {}
    for point in range(0, len(points), sublayers):
        low = points[point - 1] + 1 if point else 0
        high = min((start for start in starts if start > points[point]), default=len(events))
        own = [at for at in range(low, high) if torch.equal(events[at].tensor, events[points[point]].tensor)]
        handle = _handle(events, [at for at in own if events[at].site[:2] not in shared], index, high)
        if handle is None:
            return None
        found[point] = events[handle].site
    return found


def _handle(events: list[Event], own: list[int], index: Mapping[Site, int], high: int) -> int | None:
    """Of the events with the numbers of a point, the last that comes out of a module while no other one has taken them in and works on
    them (there it may pass beside the stream); else the first module that takes them in and holds what follows, up to event `high`."""
    ends = {}  # of each module that takes them in: when it returns
    for at in own:
        module, arrow, call = events[at].site
        if arrow == "in":
            ends[at] = index.get((module, "out", call), len(events))
    free = [at for at in own if events[at].site[1] == "out" and not any(start < at < end for start, end in ends.items())]
    around = [at for at, end in ends.items() if end >= high or high == len(events)]
    return free[-1] if free else around[0] if around else None
