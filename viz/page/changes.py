"""What is changed in the model, in words: one removable item after another, and stories to start from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention, Link
from model.trace.tokens import Tokens
from model.trace.trace import AttentionMaps
from viz import reading
from viz.reading import OURS
from viz.theme import quoted

FEW = 4  # links or heads of one sort that are named one by one


@dataclass(frozen=True)
class Change:
    """One thing that is changed, and the way back."""

    name: str  # for keys of widgets: "causal", "cut", ...
    words: str  # what it is and what it means
    without: Callable[[Intervention], Intervention]


def changes(change: Intervention, maps: AttentionMaps | None = None) -> list[Change]:
    """Everything that `change` changes, in words; maps: names the tokens of links."""
    default, entries = Intervention(), []

    def add(name: str, words: str) -> None:
        entries.append(Change(name, words, lambda now: replace(now, **{name: getattr(default, name)})))

    anatomy = maps.anatomy if maps else None
    if not change.causal:
        add("causal", reading.mask_off(change, anatomy))
    for stack in (anatomy or OURS).stacks:
        if change.positions_on(stack) != "trained":
            name = "target_positions" if stack.predicts == "next" else "source_positions"
            add(name, reading.position_change(change, anatomy, stack.name))
    if change.position_scale != 1.0:
        add("position_scale", reading.scale_change(change, anatomy))
    if change.window is not None:
        add("window", f"self-attention only within ±{change.window}")
    if change.temperature != 1.0:
        how = "sharper" if change.temperature < 1 else "flatter"
        add("temperature", f"softmax of attention at temperature {change.temperature:g} ({how})")
    if not change.scaled:
        add("scaled", "scores without 1/√d_head")
    return entries + _links(change.cut, anatomy or OURS, maps) + _heads(change.heads_off, anatomy or OURS)


def hidden_links(anatomy: Anatomy, stack: str, key: int) -> set[Link]:
    """The links that hide a token of a stack from everyone who may read it."""
    return {(kind.name, None, None, key) for kind in anatomy.kinds if kind.answers == stack}


def _links(cut: frozenset[Link], anatomy: Anatomy, maps: AttentionMaps | None) -> list[Change]:
    """Tokens of the first stack that are hidden first, then links, one by one while they are few."""
    entries, rest, stack = [], set(cut), anatomy.default_stack
    for key in sorted({link[3] for link in cut if link[3] is not None}):
        hiding = hidden_links(anatomy, stack, key)
        if hiding and hiding <= rest:
            rest -= hiding
            entries.append(_cut(hiding, f"{_piece(maps.tokens(stack) if maps else None, key)} hidden from everyone"))
    groups: dict[tuple, list[Link]] = {}
    for link in sorted(rest, key=lambda link: [-1 if part is None else part for part in link[1:]]):
        groups.setdefault(link[:2], []).append(link)
    for (kind, layer), links in groups.items():
        where = f"{anatomy.short_title(kind)}, {'all layers' if layer is None else f'layer {layer + 1}'}"
        if len(links) > FEW:
            entries.append(_cut(links, f"{len(links)} links cut ({where})"))
        else:
            entries += [_cut([link], f"{_link(maps, link)} ({where})") for link in links]
    return entries


def _cut(links: set[Link] | list[Link], words: str) -> Change:
    gone = frozenset(links)
    return Change("cut", words, lambda now: replace(now, cut=now.cut - gone))


def _link(maps: AttentionMaps | None, link: Link) -> str:
    kind, _, query, key = link
    asks = "every token" if query is None else _piece(maps.rows(kind).labels if maps else None, query)
    return f"{asks} ↛ {'every token' if key is None else _piece(maps.columns(kind) if maps else None, key)}"


def _piece(tokens: Tokens | None, position: int) -> str:
    """A token by its piece. Beyond the end of the sentence, by its position."""
    return (
        quoted(tokens.shown[position], tokens.notation)
        if tokens is not None and position < len(tokens)
        else f"token {position + 1}"
    )


def _heads(off: frozenset[tuple[str, int, int]], anatomy: Anatomy) -> list[Change]:
    """Heads one by one while they are few; else by kind."""
    entries = []
    for kind in anatomy.kind_names:
        words = anatomy.short_title(kind)
        heads = sorted(head for head in off if head[0] == kind)
        if len(heads) > FEW:
            entries.append(_switched(heads, f"{len(heads)} heads off ({words})"))
        else:
            entries += [_switched([head], f"head {head[2] + 1} off ({words}, layer {head[1] + 1})") for head in heads]
    return entries


def _switched(heads: list[tuple[str, int, int]], words: str) -> Change:
    back = frozenset(heads)
    return Change("heads_off", words, lambda now: replace(now, heads_off=now.heads_off - back))


def outside(change: Intervention, anatomy: Anatomy, lengths: Mapping[str, int]) -> tuple[Intervention, list[str]]:
    """Without the links to positions that these sentences do not have, and a notice that names what was dropped.

    lengths: tokens, by stack.
    """
    sizes = {kind.name: (lengths[kind.asks], lengths[kind.answers]) for kind in anatomy.kinds}
    gone = frozenset(
        link for link in change.cut
        if any(at is not None and at >= size for at, size in zip(link[2:], sizes[link[0]], strict=True))
    )  # fmt: skip
    if not gone:
        return change, []
    words = "; ".join(change.words for change in _links(gone, anatomy, None))
    counts = ", ".join(f"{lengths[stack.name]} {stack.language or stack.title.lower()}" for stack in anatomy.stacks)
    return replace(change, cut=change.cut - gone), [f"Dropped, because the sentence has no such token now ({counts}): {words}."]
