"""What an Intervention may name: the layers, heads and tokens of a pass, and the changes that a model can follow."""

from __future__ import annotations

from dataclasses import fields, replace

from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention, Link
from model.trace.patch import EMBEDDING, RESIDUAL, Patch, Site, order


def check_places(change: Intervention, anatomy: Anatomy, *lengths: int) -> None:
    """Raise ValueError, in words, for a change that the model cannot follow, a kind of attention, layer, head or site that it lacks
    and a link to, or a patch at, a token that the pass lacks.

    lengths: tokens of each stack, in the order of `anatomy.stacks`, special tokens included.
    """
    if not isinstance(change, Intervention):
        raise ValueError(f"intervention must be an Intervention, not {type(change).__name__}.")
    check_obeyed(change, anatomy)
    places = [("heads_off", *head) for head in change.heads_off]
    places += [("cut", kind, layer or 0, 0) for kind, layer, _, _ in change.cut]
    for where, name, layer, head in places:
        if name not in anatomy.kind_names:
            raise ValueError(f"The kind of attention in {where} must be one of {', '.join(anatomy.kind_names)}, not {name!r}.")
        kind = anatomy.kind(name)
        if not (layer < kind.layers and head < kind.heads):
            raise ValueError(
                f"The model has no {name} layer {layer}, head {head}: "
                f"layers go from 0 to {kind.layers - 1}, heads from 0 to {kind.heads - 1}."
            )
    for link in sorted(change.cut, key=str):
        for name, at, size in zip(("query", "key"), link[2:], _sizes(link, anatomy, lengths), strict=True):
            if at is not None and at >= size:
                raise ValueError(f"cut holds {link!r}, but there is no {name} {at}: these tokens go from 0 to {size - 1}.")
    if change.patch is not None:
        _check_sites(change.patch, anatomy, dict(zip(anatomy.stack_names, lengths, strict=True)))


def _check_sites(patch: Patch, anatomy: Anatomy, sizes: dict[str, int]) -> None:
    """Raise ValueError, in words, for a site that there is not. sizes: tokens, by stack."""
    for site in sorted(patch.sites, key=order):
        name, part, layer, head, position = site
        if name not in anatomy.stack_names:
            raise ValueError(
                f"A patch is at {site!r}, but there is no stack {name!r}: there is {', '.join(anatomy.stack_names)}."
            )
        stack = anatomy.stack(name)
        if part not in (parts := (EMBEDDING, *stack.sublayers, RESIDUAL)):
            raise ValueError(f"A patch is at {site!r}, but the {name} has no part {part!r}: it has {', '.join(parts)}.")
        if layer is not None and layer >= stack.layers:
            raise ValueError(f"A patch is at {site!r}, but there is no layer {layer}: they go from 0 to {stack.layers - 1}.")
        heads = anatomy.kind(part).heads if part in anatomy.kind_names else 0
        if head is not None and head >= heads:
            raise ValueError(
                f"A patch is at {site!r}, but " + (f"heads go from 0 to {heads - 1}." if heads else "only attention has heads.")
            )
        if position is not None and position >= sizes[name]:
            raise ValueError(f"A patch is at {site!r}, but there is no token {position}: they go from 0 to {sizes[name] - 1}.")


def check_obeyed(change: Intervention, anatomy: Anatomy) -> None:
    """Raise ValueError, in words, for a change that the model cannot follow."""
    for field in fields(Intervention):
        if field.name not in anatomy.obeys and getattr(change, field.name) != field.default:
            raise ValueError(f"This model cannot follow a change of {field.name}. {anatomy.why(field.name)}".rstrip())


def within(change: Intervention, anatomy: Anatomy, *lengths: int) -> Intervention:
    """The same change of a pass over so many tokens of each stack, without links to tokens that it lacks and patches of them: they
    would do nothing."""
    kept = frozenset(
        link
        for link in change.cut
        if all(at is None or at < size for at, size in zip(link[2:], _sizes(link, anatomy, lengths), strict=True))
    )
    patch = _patch_within(change.patch, dict(zip(anatomy.stack_names, lengths, strict=True)))
    return change if (kept, patch) == (change.cut, change.patch) else replace(change, cut=kept, patch=patch)


def _patch_within(patch: Patch | None, sizes: dict[str, int]) -> Patch | None:
    """The same without the sites at tokens that are not there."""
    if patch is None:
        return None

    def is_there(site: Site) -> bool:
        return site[4] is None or site[4] < sizes.get(site[0], 0)

    return replace(patch, sites=frozenset(filter(is_there, patch.sites)))


def _sizes(link: Link, anatomy: Anatomy, lengths: tuple[int, ...]) -> tuple[int, int]:
    """How many queries and keys the kind of attention of a link has."""
    sizes, kind = dict(zip(anatomy.stack_names, lengths, strict=True)), anatomy.kind(link[0])
    return sizes[kind.asks], sizes[kind.answers]
