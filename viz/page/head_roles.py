"""What heads do, as views ask for it: measured on this sentence, or stored with the checkpoint."""

from __future__ import annotations

from model.analysis.reader import AnyReader
from model.analysis.roles import ROLE, HeadMeasures, measure
from model.trace.trace import Trace
from viz.page.caches import cached
from viz.page.scene import Scene
from viz.page.stored import stored


@cached
def _measured(translator: AnyReader, trace: Trace) -> HeadMeasures:
    return measure(trace)


def stored_measures(scene: Scene) -> HeadMeasures | None:
    """What roles.json beside the checkpoint says; None where there is none for these weights."""
    return stored(scene.translator).roles


def head_measures(scene: Scene) -> HeadMeasures:
    """On held-out sentences where the reader chose them and they were measured, else on this sentence. Always of pieces."""
    stored = stored_measures(scene) if scene.settings.held_out else None
    return stored or _measured(scene.translator, scene.trace)


def dimmed_heads(scene: Scene) -> list[tuple[str, int, int]]:
    """(kind, layer, head) of the heads without the role that the reader chose, in order; none where no role is chosen."""
    if scene.settings.label not in ROLE:
        return []
    having = head_measures(scene).having(scene.settings.label)
    shapes = {kind: map_.weights.shape for kind, map_ in scene.trace.attention.items()}
    every = ((kind, layer, head) for kind, shape in shapes.items() for layer in range(shape[0]) for head in range(shape[1]))
    return [place for place in every if place not in having]
