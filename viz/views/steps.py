"""Step by step: one head's arithmetic for one token, with its real numbers."""

from __future__ import annotations

from model.analysis.reader import AnyReader
from model.analysis.steps import calculate
from model.analysis.weights import Weights
from model.trace.trace import Trace
from viz.canvas import attention_steps, pack_steps, steps_numbers, with_fields
from viz.page import needs, store
from viz.page.caches import cached
from viz.page.params import place
from viz.page.parts.captions import caption_line
from viz.page.parts.heads import choose_head
from viz.page.parts.table import as_table
from viz.page.parts.weights import number_tables
from viz.page.scene import Scene, View
from viz.takeaway import Sheet
from viz.takeaway.expressions import call

MOST_STEPS = 99  # of one calculation that a link may name
SENTENCE = (
    "The arithmetic of one head for one token, from its {first} to {last}, with the numbers of your own sentence. Choose who asks, then walk "
    "with Next or the arrow keys; look for the few dimensions that decide a score."
)


def _weights(translator: AnyReader) -> Weights | None:
    """The matrices of a model, where it shows them and the stream that they read."""
    anatomy = translator.anatomy
    return None if needs.lacks(anatomy, "parameters") or needs.lacks(anatomy, "residual") else translator.weights


@cached
def _packed(translator: AnyReader, trace: Trace, kind: str, layer: int, head: int, query: int) -> bytes:
    calculation = calculate(trace, _weights(translator), kind, layer, head, query)
    return pack_steps(trace, calculation, kind, layer, head, query)


def draw(scene: Scene) -> None:
    """Choose kind, layer and head; the component walks through the calculation and chooses query and key."""
    choose_head(scene, "steps")
    if scene.settings.words:
        caption_line("A calculation is of pieces, whatever the pictures join: pieces are what the model works with.")
    kind, layer, head = scene.open_head
    query, key = scene.open_cell

    def viewed(query: int, key: int, step: int) -> None:
        store.write(query=query, key=key, step=step)

    calculation = call(calculate, scene.trace, _weights(scene.translator), kind, layer, head, query)
    packed = _packed(scene.translator, scene.trace, kind, layer, head, query)
    scene.noted(packed, pack_steps, scene.trace, calculation, kind, layer, head, query)
    attention_steps(packed, key=f"steps-{kind}", step=scene.settings.step, focus=key, on_view=viewed)
    as_table("steps", lambda: number_tables(steps_numbers(packed)))


def _sentence(scene: Scene) -> str:
    """From where to where the calculation goes in this model."""
    if _weights(scene.translator) is not None:
        return VIEW.sentence
    kind, anatomy = scene.open_head[0], scene.trace.anatomy
    writes = anatomy.writes(kind) and anatomy.kind(kind).asks in scene.trace.residual
    return SENTENCE.format(first="query", last="what attention adds to the residual stream" if writes else "its output")


def _on_paper(scene: Scene) -> Sheet:
    """The step that is open."""
    query, key = scene.open_cell
    packed = _packed(scene.translator, scene.trace, *scene.open_head, query)
    return Sheet("steps", with_fields(packed, step=scene.settings.step, key=key))


VIEW = View(
    "steps",
    "Step by step",
    SENTENCE.format(first="text", last="what it adds to the residual stream"),
    draw,
    group="Compute",
    entry="arithmetic",
    part="head",
    needs={"queries", "keys", "values", "scores", "outputs"},
    params=(place("step", MOST_STEPS, 0, "the step of the calculation that is open", is_walked=True),),
    says=_sentence,
    calculates=True,
    paper=_on_paper,
)
