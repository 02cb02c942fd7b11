"""Components of our own: all heads at once (`heads_grid`), lines between tokens (`attention_lines`), clicks in figures."""

from viz.canvas.clicks import Click, plot_clicks
from viz.canvas.decoding import decoding_steps, pack_decoding
from viz.canvas.grid import heads_grid, pack_grid
from viz.canvas.lines import attention_lines, lines_view, pack_lines
from viz.canvas.steps import attention_steps, pack_steps

__all__ = [
    "Click",
    "attention_lines",
    "attention_steps",
    "decoding_steps",
    "heads_grid",
    "lines_view",
    "pack_decoding",
    "pack_grid",
    "pack_lines",
    "pack_steps",
    "plot_clicks",
]
