"""An Intervention as Python writes it."""

from __future__ import annotations

from model.trace.intervention import Intervention
from model.trace.patch import Patch, order


def change_call(change: Intervention) -> str:
    """An Intervention as the call that makes it: only what is not at its default."""
    values = {**change.to_dict(), "patch": change.patch}
    fields = ((name, values[name]) for name in values if name in change.changed_fields)
    return f"Intervention({', '.join(f'{name}={_literal(value)}' for name, value in fields)})"


def names_of(change: Intervention) -> set[str]:
    """What such a call needs of `model`."""
    return {"Intervention"} | ({"Patch"} if change.patch else set())


def _literal(value: object) -> str:
    """Links, heads and sites as tuples, which can be in a set."""
    if isinstance(value, Patch):
        target = f", {value.target!r}" if value.target else ""
        return f"Patch({value.source!r}, {_literal(sorted(value.sites, key=order))}{target})"
    return "{" + ", ".join(repr(tuple(row)) for row in value) + "}" if isinstance(value, list) else repr(value)
