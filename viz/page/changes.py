"""What is changed in the model, in words: one removable item after another, and stories to start from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention, Link
from model.trace.patch import Patch, Site, order
from model.trace.places import within
from model.trace.tokens import Tokens
from model.trace.trace import AttentionMaps
from viz import reading
from viz.reading import OURS
from viz.theme import cut, quoted

FEW = 4  # links, heads or sites of one sort that are named one by one
LONGEST_DONOR = 40  # characters of the sentence that values are taken from


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
    entries += _links(change.cut, anatomy or OURS, maps) + _heads(change.heads_off, anatomy or OURS)
    return entries + (_sites(change.patch, anatomy or OURS, maps) if change.patch else [])


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


def _sites(patch: Patch, anatomy: Anatomy, maps: AttentionMaps | None) -> list[Change]:
    """What is taken over from another sentence, site by site while they are few."""
    donor = f"from “{cut(patch.source, LONGEST_DONOR)}”"
    sites = sorted(patch.sites, key=order)
    if len(sites) > FEW:
        return [_given_back(sites, f"{len(sites)} values taken over {donor}")]
    return [_given_back([site], f"{site_words(site, anatomy, maps)} {donor}") for site in sites]


def patch_words(patch: Patch, anatomy: Anatomy) -> str:
    """All sites of a patch in words."""
    return "; ".join(site_words(site, anatomy) for site in sorted(patch.sites, key=order))


def site_words(site: Site, anatomy: Anatomy, maps: AttentionMaps | None = None) -> str:
    """A site in words: encoder feed-forward, layer 3, at “man”. maps: names its token."""
    stack, position = anatomy.stack(site[0]), site[4]
    if position is None:
        return f"{reading.part_words(site, anatomy)}, everywhere"
    axis = maps.axes[stack.name] if maps else None
    produces = stack.predicts == "next" and axis is not None and axis.made is not None
    token = _piece(axis.labels if axis else None, position)
    return f"{reading.part_words(site, anatomy)}, {'producing' if produces else 'at'} {token}"


def _given_back(sites: list[Site], words: str) -> Change:
    back = frozenset(sites)

    def without(now: Intervention) -> Intervention:
        return now if now.patch is None else replace(now, patch=replace(now.patch, sites=now.patch.sites - back))

    return Change("patch", words, without)


def outside(change: Intervention, anatomy: Anatomy, lengths: Mapping[str, int]) -> tuple[Intervention, list[str]]:
    """Without links to positions that these sentences do not have, and patches of them, and a notice that names what was dropped.

    lengths: tokens, by stack.
    """
    left = within(change, anatomy, *(lengths[name] for name in anatomy.stack_names))
    if left == change:
        return change, []
    gone = _links(change.cut - left.cut, anatomy, None)
    if change.patch is not None and change.patch != left.patch:
        sites = change.patch.sites - (left.patch.sites if left.patch else frozenset())
        gone += _sites(replace(change.patch, sites=sites), anatomy, None)
    words = "; ".join(one.words for one in gone)
    counts = ", ".join(f"{lengths[stack.name]} {stack.language or stack.title.lower()}" for stack in anatomy.stacks)
    return left, [f"Dropped, because the sentence has no such token now ({counts}): {words}."]
