"""Which places an Intervention may name: the layers, heads and tokens that a pass has."""

from __future__ import annotations

from dataclasses import replace

from model.trace.intervention import Intervention, Link
from model.transformer.config import Config


def check_places(change: Intervention, config: Config, source: int, target: int) -> None:
    """Raise ValueError, in words, for a layer or head that the model lacks and a link to a token that the pass lacks.

    source, target: tokens on each side, special tokens included.
    """
    if not isinstance(change, Intervention):
        raise ValueError(f"intervention must be an Intervention, not {type(change).__name__}.")
    layers = {"encoder": config.encoder_layers, "decoder": config.decoder_layers, "cross": config.decoder_layers}
    places = [(kind, layer, head) for kind, layer, head in change.heads_off]
    places += [(kind, layer or 0, 0) for kind, layer, _, _ in change.cut]
    for kind, layer, head in places:
        if not (layer < layers[kind] and head < config.heads):
            raise ValueError(
                f"The model has no {kind} layer {layer}, head {head}: "
                f"layers go from 0 to {layers[kind] - 1}, heads from 0 to {config.heads - 1}."
            )
    for link in sorted(change.cut, key=str):
        for name, at, size in zip(("query", "key"), link[2:], _sizes(link, source, target), strict=True):
            if at is not None and at >= size:
                raise ValueError(f"cut holds {link!r}, but there is no {name} {at}: these tokens go from 0 to {size - 1}.")


def within(change: Intervention, source: int, target: int) -> Intervention:
    """The same change of a pass over so many tokens, without the links to tokens that it lacks: they would do nothing."""
    kept = frozenset(
        link
        for link in change.cut
        if all(at is None or at < size for at, size in zip(link[2:], _sizes(link, source, target), strict=True))
    )
    return change if kept == change.cut else replace(change, cut=kept)


def _sizes(link: Link, source: int, target: int) -> tuple[int, int]:
    """How many queries and keys the kind of attention of a link has."""
    return {"encoder": (source, source), "decoder": (target, target), "cross": (target, source)}[link[0]]
