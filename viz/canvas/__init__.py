"""The component of our own, in two looks: all heads at once (`heads_grid`) and lines between tokens (`attention_lines`)."""

from viz.canvas.grid import heads_grid, pack_grid
from viz.canvas.lines import attention_lines, lines_view, pack_lines

__all__ = ["attention_lines", "heads_grid", "lines_view", "pack_grid", "pack_lines"]
