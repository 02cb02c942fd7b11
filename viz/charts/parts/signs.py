"""Numbers that Plotly itself would write, written as everything else on the page writes them: a real minus, and no sign for zero."""

from __future__ import annotations

import re

import numpy as np
import plotly.graph_objects as go

from viz.theme import number, signed

MOST = 10_000  # numbers of a chart; more of them would make it heavy, and are left to Plotly
FIELD = re.compile(r"%\{([xyz]):(\+?)\.(\d)f\}")  # Plotly's %{z:.2f}, %{x:+.3f}


def with_signs(figure: object) -> object:
    """The same chart with the numbers below zero in its hovers and cells as text; anything but a Plotly figure as it is."""
    if not isinstance(figure, go.Figure):
        return figure
    for trace in figure.data:
        for template, texts in (("hovertemplate", "hovertext"), ("texttemplate", "text")):
            text = getattr(trace, template, None)
            if not isinstance(text, str):
                continue
            field = FIELD.search(text)
            if field and getattr(trace, texts, None) is None and len(FIELD.findall(text)) == 1:
                numbers = _number_texts(getattr(trace, field[1], None), bool(field[2]), int(field[3]))
                if numbers is not None:
                    trace.update({texts: numbers, template: text.replace(field[0], f"%{{{texts}}}")})
    return figure


def _number_texts(values: object, plus: bool, digits: int) -> list | None:
    """The numbers as text, in the same shape; None where none is below zero, or where there are too many."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    if array.size > MOST or not (plus or (array < 0).any()):
        return None
    write = signed if plus else number
    texts = ["" if np.isnan(value) else write(value, digits) for value in array.ravel().tolist()]
    return np.array(texts, dtype=object).reshape(array.shape).tolist()
