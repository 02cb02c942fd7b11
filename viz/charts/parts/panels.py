"""The layout of a figure with several panels in one step: each key that Plotly's own updates set costs it as much as a whole layout."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go


def lay_out(figure: go.Figure, **layout: Any) -> None:
    """Put this over the layout of a figure, as `Figure.update_layout` does for one that has nothing but the axes of its panels: what
    is there keeps the keys that are not named, one level deep."""
    there = figure.layout.to_plotly_json()
    figure.layout = there | {name: _over(there.get(name), value) for name, value in layout.items()}


def _over(there: Any, value: Any) -> Any:
    return {**there, **value} if isinstance(there, dict) and isinstance(value, dict) else value
