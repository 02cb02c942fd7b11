"""Decoding word by word: packing one pass over a translation, and mounting the player."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit
import torch
from torch import Tensor

from model.analysis.attention import handed_on
from model.analysis.decoding import Forced, next_pieces
from model.analysis.output import label_ids, ranks
from model.instrument.search import NEVER_SAID
from model.trace.anatomy import Kind
from model.trace.tokens import Tokens
from model.trace.trace import AttentionMaps, Trace
from viz import reading
from viz.canvas.shared import packing
from viz.canvas.shared.files import drawn_by, style
from viz.canvas.shared.mounting import note_picture
from viz.theme import language_code, token_label, token_labels, word_labels


def pack_decoding(
    trace: Trace,
    piece: Callable[[int], str],
    layer: int,
    head: int,
    choices: Forced = (),
    is_given: bool = False,
    limit: int | None = None,
    maps: AttentionMaps | None = None,
) -> bytes:
    """One pass over a translation as bytes for `decoding_steps`; the same pass gives the same bytes.

    The array is uint16 codes of cross-attention weights (2, target, source): of one head (layer, head), then the mean of all
    heads of all layers, those that are off counted as 0; behind them those of the one head between the chips of
    header["flow"], (target, source): pieces, or the words of `maps`, `join_words` of the pass. piece: names a piece by its id;
    choices: those that replaced the model's own; is_given: the reader wrote the translation; limit: most tokens that a
    translation may have, where it must end. Each entry of header["steps"] is {"best": [[id, piece, probability], ...],
    "output": [probability, rank]}: what search chooses from, and the label of that row.
    """
    anatomy, kind = trace.anatomy, trace.anatomy.bridge()
    reads, says = anatomy.answering(kind.name), anatomy.asking(kind.name)
    chips = maps or trace
    header = {
        "bits": 16,
        **_words(trace, kind, layer, head),
        "source": _named(trace.columns(kind.name)),
        "output": _named(trace.labels),
        "flow": _flow(trace, chips, kind.name),
        "ids": trace.labels.ids,
        "steps": _steps(trace, piece),
        "choices": [step for step, _ in choices],
        "own": is_given,
        "same": trace.intervention.keeps_earlier_steps,
        "limit": limit if trace.labels.special[-1] and len(trace.labels) == limit else None,
        "colours": {"output": (anatomy.self_kind(says.name) or kind).name, "looks": kind.name},
        "languages": {"output": language_code(says.language), "source": language_code(reads.language)},
        **packing.style(trace, kind.name),
    }
    return packing.join(header, packing.fine_codes(_weights(trace, chips, kind.name, layer, head)))


def decoding_numbers(
    packed: bytes, exact: Sequence[Tensor] = ()
) -> list[tuple[str, list[str], list[str], list[list[float | str]]]]:
    """The steps of `pack_decoding` as numbers: (title, names of rows, names of columns, cells).

    What was said and could have been said at every step, then where the open head and all heads together look. exact: those weights,
    (target, source) each; without them they come back from the bytes, to 0.00004.
    """
    header, codes = packing.split(packed)
    steps, source = header["steps"], header["source"]["pieces"]
    rows = [f"{piece} ({at})" for at, piece in enumerate(header["output"]["pieces"], start=1)]
    places = range(1, 1 + max(len(step["best"]) for step in steps))
    best = [name for place in places for name in (f"number {place}", f"probability of {place}")]
    lines = [[*step["output"], *(cell for _, piece, chance in step["best"] for cell in (piece, chance))] for step in steps]
    weights = packing.fine_weights(codes[: 2 * len(steps) * len(source)]).reshape(2, len(steps), len(source)).tolist()
    weights = [part.tolist() for part in exact] or weights
    columns = [f"{piece} ({at})" for at, piece in enumerate(source, start=1)]
    return [
        (
            "Every step: what is said, its probability and rank, and the most probable pieces",
            rows,
            ["probability", "rank", *best],
            lines,
        ),
        *((title, rows, columns, cells) for title, cells in zip(header["looks"], weights, strict=True)),
    ]


def _weights(trace: Trace, chips: AttentionMaps, kind: str, layer: int, head: int) -> Tensor:
    """All weights, flat: of the head, of the mean of all heads, and of the head between chips."""
    parts = *step_weights(trace, layer, head), chips.attention[kind].weights[layer, head]
    return torch.cat([part.flatten() for part in parts])


def step_weights(trace: Trace, layer: int, head: int) -> tuple[Tensor, Tensor]:
    """Where the decoder looks at every step, (target, source): the head, and the mean of all heads."""
    kind = trace.anatomy.bridge().name
    return trace.attention[kind].weights[layer, head], handed_on(trace, kind).mean(dim=(0, 1))


def _words(trace: Trace, kind: Kind, layer: int, head: int) -> dict[str, object]:
    """What the cards say: above the source twice, of a row that looks at nothing, and of what a step asks."""
    return {
        "looks": _titles(trace, kind, layer, head),
        "nothing": ["Every link of this row is cut: it looks at nothing.", "Nothing is handed on to this row."],
        "asks": reading.step_asks(trace.intervention),
    }


def _flow(trace: Trace, maps: AttentionMaps, kind: str) -> dict[str, object]:
    """The two rows of chips: pieces, or words; starts: the step, from 0, at which each chip of the translation begins."""
    rows = maps.rows(kind).labels
    whole = trace.rows(kind).labels
    starts = [group[0] for group in whole.groups] if len(rows) < len(whole) else list(range(len(whole)))
    labels = word_labels if maps is not trace else token_labels
    source = maps.columns(kind)
    return {
        "source": {"labels": labels(source), "special": _special(source)},
        "target": {"labels": labels(rows), "special": _special(rows)},
        "starts": starts,
    }


def _titles(trace: Trace, kind: Kind, layer: int, head: int) -> list[str]:
    """What stands above the source twice: of the open head, and of all heads."""
    layers, heads = trace.attention[kind.name].weights.shape[:2]
    title, language = kind.title.lower(), trace.anatomy.answering(kind.name).language or "source"
    off = reading.off_mark(trace, kind.name, layer, head)
    return [
        f"{title}, layer {layer + 1}, head {head + 1}{off}: weights over the {language} tokens, 0 to 1",
        f"mean of all {layers * heads} heads of {title}. {reading.cross_off(trace)}".removesuffix(". "),
    ]


def _steps(trace: Trace, piece: Callable[[int], str]) -> list[dict]:
    """For every step what search chooses from, and probability and rank of what was said."""
    values, ids = next_pieces(trace.logits)
    labels = label_ids(trace)
    logits = trace.logits.float().clone()
    logits[:, NEVER_SAID] = float("-inf")
    chances = logits.softmax(-1).gather(-1, labels[:, None])[:, 0].tolist()
    best = [
        [[id_, token_label(piece(id_)), value] for id_, value in zip(*row, strict=True)]
        for row in zip(ids.tolist(), values.tolist(), strict=True)
    ]
    steps = zip(best, chances, ranks(logits, labels).tolist(), strict=True)
    return [{"best": row, "output": [chance, rank]} for row, chance, rank in steps]


def _named(tokens: Tokens) -> dict[str, list]:
    """Tokens as they are written on chips, and which of them are special."""
    return {
        "pieces": token_labels(tokens),
        "special": _special(tokens),
    }


def _special(tokens: Tokens) -> list[int]:
    return [index for index, apart in enumerate(tokens.special) if apart]


_mount = streamlit.components.v2.component(
    "headlight_decoding",
    js=drawn_by("decoding/index.js"),
    css=style("shared/shared.css", "decoding/style.css"),
)


def decoding_steps(
    packed: bytes, *, key: str, step: int, greets: bool, on_step: Callable[[int], None], on_pick: Callable[[int, int], None]
) -> None:
    """Mount the player of `pack_decoding` at a step, from 0. greets: it plays by itself, until the reader does anything.

    Playing is done in the browser. Where the reader stops calls `on_step(step)`, another piece than the one that was said calls
    `on_pick(step, piece id)`, each at the start of the run that it causes.
    """

    def stopped() -> None:
        on_step(streamlit.session_state[key].view["step"])

    def on_view_pick() -> None:
        pick = streamlit.session_state[key].pick
        if pick:
            on_pick(pick["step"], pick["piece"])

    data = packing.with_fields(packed, step=step, greets=greets)
    note_picture("decoding", key, data, packed)
    _mount(key=key, data=data, on_view_change=stopped, on_pick_change=on_view_pick)
