"""What a probe found, in words: an Anatomy, with a reason for all that is missing."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from model.instrument.handles import Handles, find_handles
from model.instrument.module_pass import Places
from model.instrument.probe import (
    CONTENT_STREAM,
    TITLES,
    Beginning,
    Log,
    QueryStream,
    Site,
    Stream,
    find_beginning,
    find_kinds,
    find_stream,
)
from model.trace.anatomy import EDITS, FEED_FORWARD, QUERY_STREAM, Anatomy, Kind, Norm, Positions, Predicts, Stack

MISSING = {
    "residual": "What its sublayers write does not add up to points that a probe could find.",
    "feed_forward": "No matrix of its feed-forward sublayers reads all tokens at once.",
    "rotary": "Positions turn queries and keys; nothing is added to a token.",
    "relative": "Positions are a bias on the scores of attention; nothing is added to a token.",
    "none": "Nothing that depends on the position alone was found.",
    "narrow": "They are added in a narrower space, which a matrix then widens to that of the stream.",
    "angle": "An angle has no size that could be scaled.",
    "scaled": "Its queries meet its keys without a factor that could be left out.",
    "one": "This model reads one sequence.",
    "patch": "No places were found in it where what is put in instead reaches everything that follows.",
    "logits": "This model has no output over its vocabulary.",
}


class Findings(NamedTuple):
    """All that a probe found."""

    kinds: list[Kind]
    places: Places
    streams: dict[str, Stream]  # by stack, like the rest; without taps where its points were not found
    beginnings: dict[str, Beginning]
    missing: dict[str, str]  # parts of single stacks
    handles: dict[str, Handles | None]  # by stack: where values can be put into its stream
    turned: frozenset[Site]  # where positions stand before the batch


def find_all(log: Log, others: Log, reads: list[Tensor], width: int) -> Findings:
    """What two passes show, over `reads` and over as many other tokens. reads: what each stack reads, (position,), of different lengths.

    width: d_model. Raises ValueError, in words, where no attention passed, or layers are not alike.
    """
    if not log.attention:
        raise ValueError("its attention does not pass where it could be seen")
    kinds, places = find_kinds(log.attention, [len(ids) for ids in reads])
    streams, beginnings, missing, handles = {}, {}, {}, {}
    tensors, elsewhere = {event.site: event.tensor for event in log.events}, {event.site: event for event in others.events}
    own = [kind for kind in kinds if kind.is_self and kind.name != QUERY_STREAM]
    for shape, ids in zip(own, reads, strict=True):
        name = shape.asks
        calls = [call for call in log.attention if call.query[2] == len(ids) and not isinstance(call.module, QueryStream)]
        stream = find_stream(log.events, calls, width, len(calls) // shape.layers) or Stream("pre", [])
        first = tensors[stream.taps[0][1]] if stream.taps else None
        beginnings[name] = find_beginning(log.events, elsewhere, calls[0].at, ids, first)
        if sum(what == "units" for what, _ in stream.taps) != shape.layers:
            missing[f"feed_forward:{name}"] = MISSING["feed_forward"]
            stream = Stream(stream.norm, [tap for tap in stream.taps if tap[0] != "units"])
        if not stream.taps:
            missing[f"residual:{name}"] = MISSING["residual"]
        if beginnings[name].table.size(-1) != width:
            missing |= dict.fromkeys((f"embeddings:{name}", f"positions:{name}"), MISSING["narrow"])
        streams[name] = stream
        handles[name] = find_handles(log.events, stream, [call.at for call in calls], len(calls) // shape.layers + 1)
    turned = frozenset(event.site for event in log.events if event.parts[0].dim() == 3 and len(event.parts[0]) > 1)
    return Findings(kinds, places, streams, beginnings, missing, handles, turned)


def describe(found: Findings, width: int, vocabulary: int, writes: bool, longest: int) -> Anatomy:
    """The Anatomy. writes: the last stack has an output over its vocabulary; longest: tokens that are read at most."""
    kinds, stacks, guesses = found.kinds, [], any(kind.name == QUERY_STREAM for kind in found.kinds)
    for name in found.streams:
        asked = [kind for kind in kinds if kind.asks == name and kind.name != QUERY_STREAM]
        last = writes and name == [*found.streams][-1]
        predicts: Predicts = "nothing" if not last else "next" if asked[0].masked and not guesses else "same"
        title = CONTENT_STREAM if guesses else TITLES[name]
        stacks.append(Stack(name, title, "", asked[0].layers, (*(kind.name for kind in asked), FEED_FORWARD), predicts))
    positions = _positions([*found.beginnings.values()], any(kind.scores == "dot + bias" for kind in kinds))
    unable = _unable(positions, kinds, stacks)
    missing = found.missing | {name: MISSING[why] for name, why in unable.items()}
    missing |= {} if writes else {part: MISSING["logits"] for part in ("logits", "loss")}
    missing |= {"positions": MISSING[positions]} if positions in MISSING else {}
    norm: Norm = next((stream.norm for stream in found.streams.values() if stream.taps), "pre")
    longest = min([longest, *(begin.longest for begin in found.beginnings.values() if begin.longest is not None)])
    return Anatomy(tuple(stacks), tuple(kinds), width, vocabulary, positions, norm, EDITS - unable.keys(), missing, longest)


def _unable(positions: Positions, kinds: list[Kind], stacks: list[Stack]) -> dict[str, str]:
    """The fields of an Intervention that a model cannot follow, and which of MISSING says why. A patch, not before that is proved."""
    unable = {"patch": "patch"} | ({} if any(kind.scores == "scaled dot" for kind in kinds) else {"scaled": "scaled"})
    if positions == "rotary":
        unable["position_scale"] = "angle"
    if positions == "none":
        unable |= dict.fromkeys(("source_positions", "target_positions", "position_scale"), "none")
    if len(stacks) == 1:
        unable["source_positions" if stacks[0].predicts == "next" else "target_positions"] = "one"
    return unable


def _positions(beginnings: list[Beginning], biased: bool) -> Positions:
    """How a model knows the order of its tokens. The rows of a table of sines and cosines are all equally long."""
    if any(begin.rotations for begin in beginnings):
        return "rotary"
    tables = [begin.table for begin in beginnings if begin.positions]
    if not tables:
        return "relative" if biased else "none"
    waves = all(bool(((table.square().sum(-1) * 2 / table.size(-1)) - 1).abs().max() < 1e-3) for table in tables)
    return "sinusoidal" if waves else "learned"
