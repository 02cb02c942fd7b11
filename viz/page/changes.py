"""What is changed in the model, in words: one removable item after another, and stories to start from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from model.trace.intervention import Intervention, Link
from model.trace.trace import AttentionMaps
from viz import reading
from viz.theme import quoted

KIND_WORDS = {"encoder": "encoder", "decoder": "decoder", "cross": "cross-attention"}
FEW = 4  # links or heads of one sort that are named one by one


@dataclass(frozen=True)
class Change:
    """One thing that is changed, and the way back."""

    name: str  # for keys of widgets: "causal", "cut", ...
    words: str  # what it is and what it means
    without: Callable[[Intervention], Intervention]


def changes(change: Intervention, maps: AttentionMaps | None = None) -> list[Change]:
    """Everything that `change` changes, in words; maps: names the tokens of links."""
    default, found = Intervention(), []

    def add(name: str, words: str) -> None:
        found.append(Change(name, words, lambda now: replace(now, **{name: getattr(default, name)})))

    anatomy = maps.anatomy if maps else None
    if not change.causal:
        add("causal", reading.mask_off(change))
    for name, side in (("source_positions", "encoder"), ("target_positions", "decoder")):
        if getattr(change, name) != "trained":
            add(name, reading.position_change(change, anatomy, side))
    if change.position_scale != 1.0:
        add("position_scale", reading.scale_change(change, anatomy))
    if change.window is not None:
        add("window", f"self-attention only within ±{change.window}")
    if change.temperature != 1.0:
        how = "sharper" if change.temperature < 1 else "flatter"
        add("temperature", f"softmax of attention at temperature {change.temperature:g} ({how})")
    if not change.scaled:
        add("scaled", "scores without 1/√d_head")
    return found + _links(change.cut, maps) + _heads(change.heads_off)


def hidden_links(key: int) -> set[Link]:
    """The links that hide a source token from everyone."""
    return {("encoder", None, None, key), ("cross", None, None, key)}


def _links(cut: frozenset[Link], maps: AttentionMaps | None) -> list[Change]:
    """Hidden tokens first, then links, one by one while they are few."""
    found, left = [], set(cut)
    for key in sorted({link[3] for link in cut if link[3] is not None}):
        if hidden_links(key) <= left:
            left -= hidden_links(key)
            found.append(_cut(hidden_links(key), f"{_piece(maps, 'cross', key, True)} hidden from everyone"))
    groups: dict[tuple, list[Link]] = {}
    for link in sorted(left, key=lambda link: [-1 if part is None else part for part in link[1:]]):
        groups.setdefault(link[:2], []).append(link)
    for (kind, layer), links in groups.items():
        where = f"{KIND_WORDS[kind]}, {'all layers' if layer is None else f'layer {layer + 1}'}"
        if len(links) > FEW:
            found.append(_cut(links, f"{len(links)} links cut ({where})"))
        else:
            found += [_cut([link], f"{_link(maps, link)} ({where})") for link in links]
    return found


def _cut(links: set[Link] | list[Link], words: str) -> Change:
    gone = frozenset(links)
    return Change("cut", words, lambda now: replace(now, cut=now.cut - gone))


def _link(maps: AttentionMaps | None, link: Link) -> str:
    kind, _, query, key = link
    asks = "every token" if query is None else _piece(maps, kind, query, False)
    return f"{asks} ↛ {'every token' if key is None else _piece(maps, kind, key, True)}"


def _piece(maps: AttentionMaps | None, kind: str, position: int, is_key: bool) -> str:
    """A token by its piece; a decoder row by what it produces. Beyond the end of the sentence, by its position."""
    if maps is not None:
        tokens = maps.keys(kind) if is_key else maps.source if kind == "encoder" else maps.labels
        if position < len(tokens):
            return quoted(tokens.shown[position])
    return f"token {position + 1}"


def _heads(off: frozenset[tuple[str, int, int]]) -> list[Change]:
    """Heads one by one while they are few; else by kind."""
    found = []
    for kind, words in KIND_WORDS.items():
        heads = sorted(head for head in off if head[0] == kind)
        if len(heads) > FEW:
            found.append(_switched(heads, f"{len(heads)} heads off ({words})"))
        else:
            found += [_switched([head], f"head {head[2] + 1} off ({words}, layer {head[1] + 1})") for head in heads]
    return found


def _switched(heads: list[tuple[str, int, int]], words: str) -> Change:
    back = frozenset(heads)
    return Change("heads_off", words, lambda now: replace(now, heads_off=now.heads_off - back))


def outside(change: Intervention, source: int, target: int) -> tuple[Intervention, list[str]]:
    """Without the links to positions that these sentences (tokens) do not have, and a notice that names what was dropped."""
    sizes = {"encoder": (source, source), "decoder": (target, target), "cross": (target, source)}
    gone = frozenset(
        link for link in change.cut
        if any(at is not None and at >= size for at, size in zip(link[2:], sizes[link[0]], strict=True))
    )  # fmt: skip
    if not gone:
        return change, []
    words = "; ".join(change.words for change in _links(gone, None))
    said = f"Dropped, because the sentence has no such token now ({source} English, {target} French): {words}."
    return replace(change, cut=change.cut - gone), [said]
