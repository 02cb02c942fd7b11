"""The settings that the page and several views share, as the address has them; their defaults stand in State and Intervention."""

from __future__ import annotations

from urllib.parse import unquote

from model.analysis.roles import ROLE
from model.trace.intervention import POSITION_EDITS, Intervention
from model.trace.patch import EMBEDDING, RESIDUAL, Patch
from viz.page.params import MOST_ENTRIES, Limits, Param, choice, count, number, numbers, place, rows, switch, text
from viz.page.room.names import code_of
from viz.page.state import NOTES, WALL, State

PRESENT = ("", WALL, NOTES)
SINKS = ("keep", "hide", "renormalise", "first")
LABELS = ("", "distance", *ROLE)  # "": entropy
COMPARE = ("after", "before", "difference")
FORCING = ("free", "forced")
TEMPERATURES, SCALES = (0.1, 5.0), (0.0, 4.0)  # ranges of the sliders
TAKE_MENU = "take"  # key of the menu of what can be taken away: whether it is open
MOST_LESSONS = 99  # lessons, and steps of one, that a link may name
MOST_STEPS = 99  # moments of a training that a link may name


def tokens(limits: Limits) -> int:
    """The longest sentence, as the limit of a place in it."""
    return limits.tokens


def heads(limits: Limits) -> int:
    """The most heads in a layer, as the limit of a head."""
    return max(limits.heads.values(), default=0)


def _layers(limits: Limits) -> int:
    return max(limits.layers.values(), default=0)


def _link(entry: str, limits: Limits) -> tuple:
    """cross.4.2.* and the like: kind, layer, query, key from 1, * for all."""
    kind, *parts = entry.split(".")
    indices = numbers(parts, (limits.layers[kind], limits.tokens, limits.tokens), may_be_all=True)
    if indices[1:] == (None, None):
        raise ValueError(entry)
    return (kind, *indices)


def _head(entry: str, limits: Limits) -> tuple:
    """cross.4.7: kind, layer, head from 1."""
    kind, *parts = entry.split(".")
    return (kind, *numbers(parts, (limits.layers[kind], limits.heads[kind])))


def _site(entry: str, limits: Limits) -> tuple:
    """encoder.residual.3.*.5: stack, part, layer, head, position from 1, * for none or all."""
    name, part, *parts = entry.split(".")
    stack = limits.anatomy.stack(name)
    if part not in (EMBEDDING, RESIDUAL, *stack.sublayers):
        raise ValueError(entry)
    return (name, part, *numbers(parts, (stack.layers, limits.heads.get(part, 0), limits.tokens), may_be_all=True))


SITES = rows("sites", frozenset(), _site, "sites of a patch")


def _read_patch(entry: str, limits: Limits) -> Patch:
    """Sites, the donor's source and, where there is one, its target, between colons."""
    sites, source, *target = entry.split(":")
    if len(target) > 1 or sites.count(",") >= MOST_ENTRIES:
        raise ValueError(entry)
    return Patch(unquote(source), SITES.read(sites, limits), *map(unquote, target))


def _write_patch(patch: Patch) -> str:
    texts = (text.replace("%", "%25").replace(":", "%3A") for text in (patch.source, patch.target) if text)
    return ":".join((SITES.write(patch.sites), *texts))


PARAMS: tuple[Param, ...] = (
    text("text", "the sentence", State.text),
    text("model", "which checkpoint of the family; empty: the one that the page was started with", is_typed=False),
    place("moment", MOST_STEPS, None, "a moment of the training", is_walked=True),
    text("target", "the reader's own translation; empty: the model's"),
    text("second", "the sentence to compare with; one that differs in a word as long as none is given", State.second),
    switch("causal", Intervention.causal, "the decoder's look-ahead mask"),
    choice("source_positions", POSITION_EDITS, Intervention.source_positions, "what the source is told of where its tokens stand"),
    choice("target_positions", POSITION_EDITS, Intervention.target_positions, "what the target is told of where its tokens stand"),
    number("position_scale", *SCALES, Intervention.position_scale, "how strongly positions are added"),
    count("window", 0, tokens, Intervention.window, "how far self-attention reaches, tokens"),
    rows("cut", Intervention.cut, _link, "links of attention that are cut: kind.layer.query.key, * for all"),
    rows("heads_off", Intervention.heads_off, _head, "heads that are off: kind.layer.head"),
    number("temperature", *TEMPERATURES, Intervention.temperature, "what scores are divided by before the softmax"),
    switch("scaled", Intervention.scaled, "whether scores are divided by √d_head"),
    Param("patch", Intervention.patch, _read_patch, _write_patch, "what is taken over from another sentence: stack.part.layer.head.position:sentence:target"),
    switch("lab", State.lab, "whether the drawer with the changes is open"),
    choice("compare", COMPARE, State.compare, "under a change: which pass is drawn"),
    choice("forcing", FORCING, State.forcing, "under a change: translate again, or read the original translation"),
    choice("view", lambda limits: limits.views, State.view, "which view is open"),
    choice("kind", lambda limits: limits.layers, State.kind, "the open head: its kind of attention"),
    place("layer", _layers, State.layer, "the open head: its layer"),
    place("head", heads, State.head, "the open head: its number"),
    choice("side", lambda limits: limits.anatomy.stack_names, State.side, "which stack the views of one side show"),
    switch("words", State.words, "attention between words instead of pieces"),
    place("query", tokens, State.query, "the open cell: who asks", is_walked=True),
    place("key", tokens, State.key, "the open cell: who answers", is_walked=True),
    place("token", tokens, State.token, "the token that is looked at"),
    place("row", tokens, State.row, "the decoder row that is looked at", is_walked=True),
    choice("label", LABELS, State.label, "what colours the map of heads; a role leaves the heads that have it bright"),
    switch("held_out", State.held_out, "roles as measured on held-out sentences instead of on this one"),
    count("lesson", 1, MOST_LESSONS, None, "the lesson that is open", is_walked=False),
    place("part", MOST_LESSONS, State.part, "which step of the lesson"),
    choice("present", PRESENT, State.present, "1: the picture and one sentence, large, for a class; notes: what its speaker may say"),
    Param("room", State.room, lambda entry, limits: code_of(entry) if entry else "", str, "the class that the reader is in: six letters"),
    choice("sinks", SINKS, State.sinks, "attention to special tokens and punctuation: shown, hidden, or hidden and the rest to 100%; first: the same of the first token alone"),
)  # fmt: skip
