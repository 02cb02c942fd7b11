"""Where a patched pass takes its values from: the passes of its donors, and what of them goes where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from torch import Tensor

from model.trace.intervention import Intervention
from model.trace.patch import EMBEDDING, RESIDUAL, Patch, Site
from model.trace.trace import Trace

Donors = Mapping[tuple[str, str], Trace]  # by `Patch.donor`: passes of the unchanged model
NO_DONORS: Donors = {}


def no_donors(_changes: Iterable[Intervention]) -> Donors:
    """What a model without its tokenizer can read: nothing."""
    return NO_DONORS


def read_donors(read: Callable[[str, str | None], Trace], changes: Iterable[Intervention]) -> Donors:
    """The passes that some changes take values from. read: (source, target or None) -> the unchanged model's pass.

    Raises ValueError, in words, for a donor that cannot be read.
    """
    wanted = {change.patch.donor for change in changes if change.patch is not None}
    try:
        return {(source, target): read(source, target or None) for source, target in wanted}
    except ValueError as error:
        raise ValueError(f"The sentence that a patch takes its values from cannot be read. {error}") from error


def put(x: Tensor, patch: Patch, site: Site, donors: Donors, first: int | None) -> None:
    """Write what the donor has at a site into x (..., position, width), a pass's own values there.

    first: of a stack that predicts the next token, the position of the first row of x. Such a stack may read more tokens than its
    donor has, or fewer: every token then means every one that both have. None: of any other stack, whose tokens are as many as its
    donor's. A token that x does not have stays unpatched. Raises ValueError, in words, for one that the donor does not have.
    """
    if patch.donor not in donors:
        raise ValueError(
            "This pass is patched from another sentence, which nothing has read: ask a model with its tokenizer for it."
        )
    values, start, rows, position = values_at(donors[patch.donor], site), first or 0, x.size(-2), site[4]
    if position is not None:
        if not 0 <= position - start < rows:
            return
        if position >= len(values):
            raise ValueError(
                f"A patch is at {site!r}, but its donor has no token {position}: they go from 0 to {len(values) - 1}."
            )
        x[..., position - start, :] = values[position]
        return
    if first is None and len(values) != rows:
        raise ValueError(
            f"A patch is at every token of the {site[0]}, but this sentence has {rows} and its donor {len(values)}: name a position."
        )
    reached = values[start : start + rows]
    x[..., : len(reached), :] = reached


def values_at(trace: Trace, site: Site) -> Tensor:
    """What a pass has at a site, whatever its position: (position, d_model), or of a head (position, d_head)."""
    name, part, layer, head, _ = site
    stack = trace.anatomy.stack(name)
    if layer is None or part == EMBEDDING:
        return trace.stream(name).states[0]
    if head is not None:
        return trace.part("outputs", part)[layer, head]
    if part == RESIDUAL:
        return trace.stream(name).states[(layer + 1) * len(stack.sublayers)]
    return trace.stream(name).written[layer * len(stack.sublayers) + stack.sublayers.index(part)]
