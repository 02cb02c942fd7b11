"""How what is on screen is made again: the pass, and each picture, as Python says it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from operator import getitem
from typing import Any

from model.analysis.reader import AnyReader
from model.analysis.roles import without_sinks
from model.analysis.words import join_words
from model.instrument.checkpoint import CheckpointError, checkpoint_folder
from model.instrument.own_model import OwnModel
from model.trace.intervention import Intervention
from model.trace.trace import Trace
from viz.canvas import Mounted
from viz.page import engine
from viz.page.scene import Scene
from viz.page.wording import translates
from viz.takeaway import Code, Recipe, Sheet
from viz.takeaway.arrays import tensors
from viz.takeaway.expressions import UnwritableError, Writer


def recipe_of(scene: Scene) -> Recipe:
    """The pass on screen."""
    settings, trained = scene.settings, scene.trained or scene.translator
    change, own = scene.trace.intervention, settings.target.strip()
    return Recipe(
        _name(trained), scene.translator.about.get("weights_sha256", ""), settings.text, change, settings.target if own else None,
        forced=not own and not change.changes_nothing and settings.forcing == "forced",
        moment=settings.moment if trained is not scene.translator else None,
        loader="load_pretrained" if isinstance(trained, OwnModel) else "load_model",
        says="translates" if translates(scene.trace.anatomy) else "says what it holds for likeliest" if scene.wording.output else "",
    )  # fmt: skip


def _name(translator: AnyReader) -> str:
    """What `load_pretrained` finds a checkpoint by."""
    try:
        is_named = translator.folder is None or checkpoint_folder(translator.name) == translator.folder
    except CheckpointError:
        is_named = False
    return translator.name if is_named else str(translator.folder)


def trace_of(scene: Scene) -> Callable[[], Trace]:
    """The pass on screen for later: it is looked up, or made, again, so that a menu that stays open holds no tensors."""
    is_before = scene.settings.compare == "before"
    change = Intervention() if is_before else scene.result.trace.intervention
    forced = scene.settings.forcing == "forced" and not is_before
    run = partial(engine.run, scene.translator, scene.source, scene.own, change, forced)
    return lambda: run().trace


def code_of(scene: Scene, mounted: Mounted) -> Code | None:
    """Python that makes a picture from `trace` and `translator`; None where the page alone can make it."""
    names = _names(scene)
    calls: dict[Hashable, tuple[object, Callable]] = {**scene.calls, **_calls(scene)}

    def call_of(value: object) -> object:
        return calls.get(value if isinstance(value, bytes) else id(value), (None, None))[1]

    build = call_of(mounted.source)
    writer = Writer(lambda value: names.get(id(value)) or _view_of(scene, value), call_of)
    try:
        expression = writer.write_call(build) if isinstance(build, partial) else ""
    except UnwritableError:
        return None
    if expression and mounted.component not in ("figure", "plotly", "vega"):
        writer.imports.setdefault("viz.takeaway", set()).add(Sheet.__name__)
        expression = f"{Sheet.__name__}({mounted.component!r}, {expression})"
    return Code(expression, writer.imports) if expression else None


def _names(scene: Scene) -> dict[int, str]:
    """What the snippet has a name for, by its id."""
    trace, translator = scene.trace, scene.translator
    names = {id(tensor): _place(name) for name, tensor in tensors(trace)}
    names |= {id(axis.read): f"trace.tokens({stack!r})" for stack, axis in trace.axes.items()}
    values = {"trace": trace, "trace.labels": trace.last.made, "trace.anatomy": trace.anatomy, "translator": translator,
              "translator.tokenizer": translator.tokenizer, "translator.model": translator.model,
              "translator.folder": translator.folder}  # fmt: skip
    names |= {id(value): name for name, value in values.items() if value is not None}
    if "before" in scene.__dict__ and scene.before is not trace:
        own = f", target={scene.settings.target!r}" if scene.own else ""
        names[id(scene.before)] = f"translator.trace(text{own})"
    return names


def _view_of(scene: Scene, value: Any) -> str | None:
    """What may be asked of the model, which is made anew each time."""
    translator = scene.translator
    for name, need in (("weights", "parameters"), ("passes", "passes"), ("ending", "unembed")):
        if need in translator.anatomy.missing:
            continue
        own = getattr(translator, name)
        if value is own or (type(value) is type(own) and getattr(value, "model", None) is translator.model):
            return f"translator.{name}"
    return None


def _place(name: str) -> str:
    """Where a Trace has a tensor that `tensors` names: attention.cross.weights -> trace.attention["cross"].weights."""
    part, *place = name.split(".")
    return "".join([f"trace.{part}", *(f"[{step!r}]" for step in place[:1]), *(f".{step}" for step in place[1:])])


def _calls(scene: Scene) -> dict[Hashable, tuple[object, Callable]]:
    """What the scene has made of its passes for all pictures: words joined, some attention hidden."""
    calls: dict[Hashable, tuple[object, Callable]] = {}
    if "whole_maps" in scene.__dict__ and scene.settings.words:
        calls[id(scene.whole_maps)] = scene.whole_maps, partial(join_words, scene.trace)
    if "_without_sinks" in scene.__dict__:
        hide = partial(without_sinks, scene.whole_maps, **scene.hides)
        calls[id(scene.maps)] = scene.maps, partial(getitem, hide, 0)
    return calls
