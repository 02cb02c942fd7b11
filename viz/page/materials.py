"""What the page hands to a lesson: the sentence as the trained model reads it, and everything else from the caches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from torch import Tensor

from model import Translator
from model.analysis import knockout
from model.instrument.pretrained import CheckpointError, DeviceError, PairTranslator
from model.trace.intervention import Intervention
from model.trace.trace import Trace
from viz.page import engine
from viz.page.caches import cached
from viz.page.lesson import Material
from viz.page.scene import Scene
from viz.page.stored import stored


def material_of(scene: Scene) -> Material:
    """The Material of the sentence on screen, whatever is changed in the picture."""
    model = cast(Translator, scene.trained or scene.translator)  # lessons are offered to no other: `viz.page.stage.begin`
    trace = engine.run(model, scene.source, scene.own, Intervention()).trace

    def under(change: Intervention) -> Trace:
        return engine.captured(model, trace.source, trace.labels, change).trace

    beside: dict[str, str] = {}  # of several that are built alike the first
    for name, how in (engine.relatives(model) | engine.others(model)).items():
        beside.setdefault(how, name)

    def sibling(kind: str) -> PairTranslator | None:
        if kind not in beside:
            return None
        try:
            return cast(PairTranslator, engine.translator(str(model.folder.parent / beside[kind]), str(model.device)))
        except (CheckpointError, DeviceError):  # the page says so elsewhere
            return None

    aligned = engine.alignment_head(model)
    return Material(
        model, trace, under, without=lambda changes: _without(model, trace, list(changes)),
        translate=lambda text, change: engine.translate(model, model.source(text), change).text,
        sibling=sibling, star=aligned[:2] if aligned else None, coreference=stored(model).coreference,
        beside=beside,
    )  # fmt: skip


@cached
def _without(model: Translator, trace: Trace, changes: Sequence[Intervention]) -> Tensor:
    """See `Material.without`."""
    return knockout.label_log_probabilities(trace, model.passes, changes).cpu()
