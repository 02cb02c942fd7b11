"""An Intervention as Python writes it."""

from __future__ import annotations

from model.trace.intervention import Intervention


def change_call(change: Intervention) -> str:
    """An Intervention as the call that makes it: only what is not at its default."""
    values = change.to_dict()
    fields = ((name, values[name]) for name in values if name in change.changed_fields)
    return f"Intervention({', '.join(f'{name}={_literal(value)}' for name, value in fields)})"


def _literal(value: object) -> str:
    """Links and heads as tuples, which can be in a set."""
    return "{" + ", ".join(repr(tuple(row)) for row in value) + "}" if isinstance(value, list) else repr(value)
