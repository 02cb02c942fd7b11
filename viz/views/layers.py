"""Layer by layer: how the residual stream of every token grows, and who writes to it."""

from __future__ import annotations

import streamlit as st

from viz.charts import residual_norms, written_shares
from viz.views.positions import choose_side
from viz.views.scene import Scene, View


def draw(scene: Scene) -> None:
    """Norm of every token after every sublayer, then what each sublayer wrote."""
    side = choose_side(scene, "layers-side")
    for name, chart in (("norms", residual_norms), ("shares", written_shares)):
        with st.container(border=True, key=f"card-{name}"):
            spec = scene.picture(name, lambda chart=chart: chart(scene.trace, side, scene.colours).to_dict(validate=False), side)
            st.vega_lite_chart(spec=spec, theme=None, key=f"layers-{name}-{side}", width="stretch")


VIEW = View(
    "layers",
    "Layer by layer",
    "Every token carries one vector through the layers; each sublayer adds to it. Above: how long that vector is after each "
    "sublayer. Below: how much attention and feed-forward wrote, as a share of what was there. Look for tokens that grow early "
    "and for layers that write most.",
    draw,
)
