"""Links cut and heads switched off in many sentences at once: where the piece that one decoder row must say is decided.

Places are named ("it", "adjective", ...), because they are elsewhere in every sentence. Unlike an Intervention, a Cut may be of
one head. Nothing below the layer where a change begins is computed again: sentences join there with the states that they had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model.instrument.capture import Recorder, recording
from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention
from model.transformer.config import DECODER, ENCODER
from model.transformer.masks import causal_mask
from model.transformer.transformer import Transformer


@dataclass(frozen=True, eq=False)
class Examples:
    """Sentences with the piece that the last row of each has to say, and another that it might."""

    source: Tensor  # ids (example, source), padded
    target: Tensor  # ids (example, target), padded: up to the piece that is read when the asked one is said
    row: Tensor  # (example,): the decoder row that says it
    right: Tensor  # (example,): id of the right piece
    wrong: Tensor  # (example,): id of the other
    places: dict[str, dict[str, Tensor]]  # by side, by name: bool (example, position)

    def __len__(self) -> int:
        return len(self.source)


@dataclass(frozen=True)
class Cut:
    """All links between two named places; None as layer, head or queries: every one."""

    kind: str
    layer: int | None
    queries: str | None
    keys: str
    head: int | None = None


@dataclass(frozen=True)
class Change:
    """What is taken away at once."""

    cuts: tuple[Cut, ...] = ()
    heads: frozenset[tuple[str, int, int]] = frozenset()  # (kind, layer, head)

    def layers(self, anatomy: Anatomy) -> list[tuple[str, int]]:
        """(stack, layer) of everything in it, the layer from which it has an effect."""
        places = [(cut.kind, cut.layer or 0) for cut in self.cuts] + [(kind, layer) for kind, layer, _ in self.heads]
        return [(anatomy.kind(kind).asks, layer) for kind, layer in places]


class LinkRecorder(Recorder):
    """Takes one Change away from a whole batch of examples; keeps the weights and states of all of them if it captures."""

    def __init__(self, anatomy: Anatomy, examples: Examples, change: Change, captures: bool = False) -> None:
        super().__init__(anatomy, Intervention(heads_off=change.heads), captures)
        self.examples, self.cuts = examples, change.cuts

    def keep(self, what: str, where: str, tensor: Tensor) -> None:
        """Remember weights and states, with the batch axis."""
        if self.captures and what in ("weights", "states"):
            self.captured[what, where].append(tensor)

    def edit_mask(self, kind: str, layer: int, mask: Tensor) -> Tensor:
        """The mask (example, 1, query, key), or with a head axis where single heads lose links."""
        mask, shape = super().edit_mask(kind, layer, mask), self.anatomy.kind(kind)
        for cut in self.cuts:
            if cut.kind == kind and cut.layer in (None, layer):
                links = self.examples.places[shape.answers][cut.keys][:, None, None, :]
                if cut.queries is not None:
                    links = links & self.examples.places[shape.asks][cut.queries][:, None, :, None]
                if cut.head is not None:
                    links = links & (torch.arange(shape.heads, device=mask.device) == cut.head)[:, None, None]
                mask = mask & ~links
        return mask


@dataclass(frozen=True, eq=False)
class Intact:
    """One pass over the examples as they are."""

    weights: dict[str, Tensor]  # by kind: (layer, example, head, query, key)
    states: dict[str, list[Tensor]]  # by side: residual stream after embedding and every sublayer, (example, position, d_model)
    said: Tensor  # (example, 2): log p of the right and of the wrong piece, nats


@torch.no_grad()
def run_intact(model: Transformer, examples: Examples) -> Intact:
    """Read all examples under the hooks, with nothing changed."""
    with recording(LinkRecorder(model.anatomy, examples, Change(), captures=True)) as recorder:
        memory, seen = model.encode(examples.source)
        states = model.decode(examples.target, memory, seen)
    return Intact(
        weights={kind: torch.stack(recorder.captured["weights", kind]) for kind in model.anatomy.kind_names},
        states={side: recorder.captured["states", side] for side in model.anatomy.stack_names},
        said=_said(model, examples, states),
    )


@torch.no_grad()
def run_changed(model: Transformer, examples: Examples, intact: Intact, change: Change) -> Tensor:
    """log p of the right and of the wrong piece with the change, (example, 2), nats."""
    layers, stacks = change.layers(model.anatomy), model.anatomy.stack_names
    joins = {side: min((layer for at, layer in layers if at == side), default=None) for side in stacks}
    seen = (examples.source != model.config.pad_id)[:, None, None, :]
    with recording(LinkRecorder(model.anatomy, examples, change)):
        if joins[ENCODER] is None:
            memory, start = model.encoder.norm(intact.states[ENCODER][-1]), joins[DECODER]
        else:
            memory, start = _climb(model, ENCODER, intact, joins[ENCODER], (seen,)), 0
        ahead = causal_mask(examples.target.size(1), device=model.device)
        states = _climb(model, DECODER, intact, len(model.decoder.layers) if start is None else start, (memory, ahead, seen))
    return _said(model, examples, states)


def _climb(model: Transformer, side: str, intact: Intact, start: int, more: tuple[Tensor, ...]) -> Tensor:
    """The last states of a stack whose layers from `start` on are computed again."""
    stack = getattr(model, side)
    sublayers = (len(intact.states[side]) - 1) // len(stack.layers)
    x = intact.states[side][start * sublayers]
    for layer in stack.layers[start:]:
        x = layer(x, *more)
    return stack.norm(x)


def _said(model: Transformer, examples: Examples, states: Tensor) -> Tensor:
    """log p of the two pieces in each example's row, from decoder states (example, target, d_model): (example, 2)."""
    rows = states[torch.arange(len(examples), device=states.device), examples.row]
    found = model.logits(rows).float().log_softmax(-1)
    return found.gather(1, torch.stack([examples.right, examples.wrong], dim=1))


@dataclass(frozen=True, eq=False)
class Effect:
    """What taking things away does to the right piece; the axes are those of the things."""

    change: Tensor  # log p without it minus log p as it is, nats, mean over examples; below 0 it hurts
    lost: Tensor  # share, of the examples in which the right piece was the likelier one, in which it is no longer


def effect(model: Transformer, examples: Examples, intact: Intact, changes: Sequence[Change]) -> Effect:
    """Run changes one after the other, all examples at a time: an Effect with the axis (change,).

    `lost` is NaN where the right piece was the likelier one in no example.
    """
    was = intact.said[:, 0] > intact.said[:, 1]
    change, lost = [], []
    for one in changes:
        said = run_changed(model, examples, intact, one)
        change.append((said[:, 0] - intact.said[:, 0]).mean())
        lost.append((said[:, 0] <= said[:, 1])[was].float().mean())
    return Effect(torch.stack(change), torch.stack(lost))
