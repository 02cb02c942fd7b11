"""Components of our own, one folder each: packing and mounting in Python, drawing and pointer in JavaScript.

All heads at once (`heads_grid`), lines between tokens (`attention_lines`), matrices side by side or to paint on
(`attention_matrices`), any flat figure (`canvas_figure`), a calculation (`attention_steps`) and a translation (`decoding_steps`)
step by step; the map of the model and the views (`rail`); buttons that take a picture away (`take_away`); unseen ones for the scripts
of all, clicks in figures, the address, pictures that libraries save, what is said aloud, the screen, text fields, and the keys of Present.
"""

from viz.canvas.address import address_bar, complete_address, tab_store
from viz.canvas.announcements import Announcement, live_region
from viz.canvas.clicks import Click, plot_clicks
from viz.canvas.decoding import decoding_numbers, decoding_steps, pack_decoding, step_weights
from viz.canvas.field import text_fields
from viz.canvas.figure import canvas_figure, is_flat, pack_figure, unpack_figure
from viz.canvas.grid import Order, heads_grid, pack_grid
from viz.canvas.lines import attention_lines, lines_view, pack_lines
from viz.canvas.matrices import (
    Matrix,
    attention_matrices,
    cell_states,
    difference_matrix,
    matrix_numbers,
    pack_head,
    pack_matrices,
)
from viz.canvas.pictures import pictures
from viz.canvas.pointing import pointing
from viz.canvas.present import stage_keys
from viz.canvas.rail import diagram, rail
from viz.canvas.screen import Screen, watch_screen
from viz.canvas.scripts import component_scripts
from viz.canvas.seat import keep_seat, look_again, mark_run
from viz.canvas.shared.mounting import Mounted, collecting, note_heading, note_numbers, note_picture
from viz.canvas.shared.packing import with_fields
from viz.canvas.steps import attention_steps, pack_steps, steps_numbers
from viz.canvas.takeaway import take_away

__all__ = [
    "Announcement",
    "Click",
    "Matrix",
    "Mounted",
    "Order",
    "Screen",
    "address_bar",
    "attention_lines",
    "attention_matrices",
    "attention_steps",
    "canvas_figure",
    "cell_states",
    "collecting",
    "complete_address",
    "component_scripts",
    "decoding_numbers",
    "decoding_steps",
    "diagram",
    "difference_matrix",
    "heads_grid",
    "is_flat",
    "keep_seat",
    "lines_view",
    "live_region",
    "look_again",
    "mark_run",
    "matrix_numbers",
    "note_heading",
    "note_numbers",
    "note_picture",
    "pack_decoding",
    "pack_figure",
    "pack_grid",
    "pack_head",
    "pack_lines",
    "pack_matrices",
    "pack_steps",
    "pictures",
    "plot_clicks",
    "pointing",
    "rail",
    "stage_keys",
    "step_weights",
    "steps_numbers",
    "tab_store",
    "take_away",
    "text_fields",
    "unpack_figure",
    "watch_screen",
    "with_fields",
]
