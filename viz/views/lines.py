"""Lines: who attends to whom, as lines between two columns of tokens."""

from __future__ import annotations

from functools import partial

from viz.canvas import attention_lines, lines_view, pack_lines
from viz.page import shared, store
from viz.page.caches import cached
from viz.page.params import places
from viz.page.parts.captions import caption_line
from viz.page.parts.table import as_table
from viz.page.parts.weights import lines_tables
from viz.page.scene import Scene, View


@cached
def _packed(scene: Scene, kind: str, layer: int) -> bytes:
    return pack_lines(scene.maps, kind, layer, before=scene.maps_before if scene.compares else None)


def draw(scene: Scene) -> None:
    """The component chooses kind, layer and heads inside itself; its choice goes into the URL. At first: the open head alone."""
    kind, layer, head = scene.open_head
    heads = list(scene.settings.heads or (head,))
    turn = store.turn()  # what was chosen inside before the page followed its address is over
    view = lines_view("lines", kind=kind, layer=layer, heads=heads, turn=turn)
    before = scene.maps_before if scene.compares else None
    build = partial(pack_lines, scene.maps, view["kind"], view["layer"], before=before)
    packed = scene.noted(_packed(scene, view["kind"], view["layer"]), build)
    view = attention_lines(packed, key="lines", heads=view["heads"], turn=turn)
    view_heads = tuple(range(scene.trace.attention[view["kind"]].weights.size(1)) if view["heads"] is None else view["heads"])
    as_table("lines", lambda: lines_tables(scene, view["kind"], view["layer"], view_heads))
    if hidden := scene.hidden(view["kind"], view["layer"], list(view_heads)):
        caption_line(hidden)
    if (view["kind"], view["layer"], view_heads) != (kind, layer, tuple(heads)):
        scene.choose(kind=view["kind"], layer=view["layer"], head=head, heads=view_heads)


VIEW = View(
    "lines",
    "Lines",
    "A line goes from each token on the left to the tokens that it attends to on the right; the stronger, the more attention. "
    "Point at a token to see its lines alone. Look for crossings: places where French and English put words in another order.",
    draw,
    group="Attend",
    entry="head",
    part="head",
    shows={"words", "sinks"},
    differs=True,
    needs={"weights"},
    general="A line goes from each token on the left to the tokens that it attends to on the right; the stronger, the more attention. "
    "Point at a token to see its lines alone. Look for many lines that end in one token, and for lines that all lean to one side.",
    params=(places("heads", shared.heads, "heads drawn as lines; at first the open head"),),
)
