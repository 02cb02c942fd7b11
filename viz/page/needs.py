"""What a view needs of a model, and in words why it rests where the model cannot give it.

A need is one of
    a part of a Trace (`model.trace.anatomy.PARTS`)   "residual", "queries", "logits", ...
    a kind of attention, by its name                  "kind:NAME"
    "across"                                          attention from one sequence to another, whatever its name
    "merges" (`OF_TOKENIZER`)                         its tokenizer joins pairs of pieces, in an order that can be shown
    an answer beside its passes (`OF_MODEL`)          "parameters", "passes", "gradients", "search", "unembed"
    a field of an Intervention (EDITS)                "heads_off": the model can follow it
    "generates"                                       it writes text, piece by piece
    "rival"                                           a translator that is built the other way lies beside it
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from model.trace.anatomy import EDITS, OF_ATTENTION, OF_MODEL, OF_PREDICTION, OF_TOKENIZER, Anatomy
from model.trace.intervention import Intervention
from viz.page.scene import View

T = TypeVar("T", bound=View)
KIND = "kind:"
GENERATES = "generates"
ACROSS = "across"
MERGES = "merges"
RIVAL = "rival"
ALONE = "No model that is built the other way, recurrent or of attention alone, lies beside this one."
CANNOT = {  # what a model that does not obey a field of an Intervention cannot do
    "causal": "change who may look ahead", "source_positions": "change the positions of the source",
    "target_positions": "change the positions of the target", "position_scale": "scale its positions", "window": "narrow its attention",
    "cut": "cut links of its attention", "heads_off": "switch heads off", "temperature": "change the temperature of its attention",
    "scaled": "leave out the scaling of its scores", "patch": "take values over from another sentence",
}  # fmt: skip


def lacks(anatomy: Anatomy, need: str) -> str:
    """Why a model cannot meet a need, as a sentence; empty where it can."""
    if need.startswith(KIND):
        name = need.removeprefix(KIND)
        return "" if name in anatomy.kind_names else f"This model has no {name}-attention."
    if need == ACROSS:
        return "" if anatomy.across else "This model has no cross-attention."
    if need in OF_TOKENIZER | OF_MODEL:
        return anatomy.absence(need) if need in anatomy.missing else ""
    if need == GENERATES:
        return _silent(anatomy)
    if need in EDITS:
        return "" if need in anatomy.obeys else anatomy.why(need) or f"This model cannot {CANNOT[need]}."
    if need in OF_ATTENTION and not anatomy.kinds:
        return anatomy.why(need) or "This model has no attention."
    if need in OF_PREDICTION and anatomy.predicting is None:
        return anatomy.why(need) or "This model predicts nothing."
    places = anatomy.kind_names if need in OF_ATTENTION else anatomy.stack_names
    if all(_is_missing(anatomy, need, place) for place in places):
        return anatomy.absence(need, places[0] if len(places) == 1 else "")
    return ""


def why_at_rest(view: View, anatomy: Anatomy, has_rival: bool = False) -> str:
    """Why a model cannot feed a view: a sentence for every need that it lacks, each once; empty where it can."""
    alone = ALONE if RIVAL in view.needs and not has_rival else ""
    of_model = (lacks(anatomy, need) for need in sorted(view.needs - {RIVAL}))
    return " ".join(dict.fromkeys(filter(None, (*of_model, alone))))


def offered(views: Mapping[str, T], anatomy: Anatomy, has_rival: bool = False) -> tuple[dict[str, T], dict[str, str]]:
    """The views that a model can feed, by slug, and of all others why they rest. has_rival: see `viz.page.engine.rival`."""
    reasons = {slug: why_at_rest(view, anatomy, has_rival) for slug, view in views.items()}
    return {slug: view for slug, view in views.items() if not reasons[slug]}, {slug: why for slug, why in reasons.items() if why}


def resting(views: Mapping[str, View], reasons: Mapping[str, str]) -> str:
    """Which views rest and why, in one line; those with one reason together. Empty where none does."""
    by_reason: dict[str, list[str]] = {}
    for slug, why in reasons.items():
        by_reason.setdefault(why, []).append(views[slug].title)
    return " · ".join(f"{_listed(titles)} {'rests' if len(titles) == 1 else 'rest'}: {why}" for why, titles in by_reason.items())


def obeyed(anatomy: Anatomy, *fields: str) -> bool:
    """Whether a model can follow all of these fields of an Intervention, and each would change something."""
    return anatomy.alters.issuperset(fields)


def followed(change: Intervention, anatomy: Anatomy) -> tuple[Intervention, list[str]]:
    """The change without what a model cannot follow, and a sentence for each thing that was left out."""
    rest = sorted(change.changed_fields - anatomy.obeys)
    notices = [f"{lacks(anatomy, name)} This change was left out." for name in rest]
    return replace(change, **{name: getattr(Intervention(), name) for name in rest}), notices


def _is_missing(anatomy: Anatomy, part: str, place: str) -> bool:
    return part in anatomy.missing or f"{part}:{place}" in anatomy.missing


def _silent(anatomy: Anatomy) -> str:
    stack = anatomy.predicting
    if stack is None:
        return "This model predicts nothing, so it writes no text."
    return "" if stack.predicts == "next" else "This model fills in words; it does not write text from left to right."


def _listed(titles: Iterable[str]) -> str:
    *others, last = titles
    return f"{', '.join(others)} and {last}" if others else last
