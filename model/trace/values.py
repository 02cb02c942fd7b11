"""Checks of arguments: each returns the value, as a plain Python value, or raises ValueError that says what was expected."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any


def whole_number(name: str, value: object, least: int, most: int | None = None) -> int:
    """A whole number within [least, most]; True and False are none."""
    wanted = f"a whole number of at least {least:,}" if most is None else f"a whole number from {least:,} to {most:,}"
    number = int(value) if isinstance(value, Integral) and not isinstance(value, bool) else None
    if number is None or number < least or (most is not None and number > most):
        raise ValueError(f"{name} must be {wanted}, not {shown(value)}.")
    return number


def real_number(name: str, value: object, least: float, most: float) -> float:
    """A number within [least, most]; NaN, True and False are none."""
    number: Any = value if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    if not least <= number <= most:
        raise ValueError(f"{name} must be a number from {least:,g} to {most:,g}, not {shown(value)}.")
    return float(number)


def switch(name: str, value: object) -> bool:
    """True or False, and nothing that Python would take for one of them."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be True or False, not {shown(value)}.")
    return value


def one_of(name: str, value: object, choices: tuple[str, ...]) -> str:
    """One of some words."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {shown(value)}.")
    return value


def rows_of(name: str, value: object, size: int, what: str) -> list[tuple[Any, ...]]:
    """A collection of tuples (or lists) of `size` values each; `what` says what one is."""
    if isinstance(value, (str, bytes, dict)) or not isinstance(value, Iterable):
        raise ValueError(f"{name} must be a collection of {what}, not {shown(value)}.")
    items = list(value)
    for item in items:
        if not isinstance(item, (tuple, list)) or len(item) != size:
            raise ValueError(f"{name} holds {shown(item)}: expected {what}.")
    return [tuple(item) for item in items]


def shown(value: object) -> str:
    """A value as a message shows it, cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # a whole number of more digits than Python writes out
        text = "a number of thousands of digits"
    return text if len(text) <= 60 else text[:59] + "…"
