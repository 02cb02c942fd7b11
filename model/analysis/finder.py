"""Which heads link two words: every head by the largest weight between any piece of the one and any piece of the other."""

from __future__ import annotations

from dataclasses import dataclass

from model.trace.anatomy import Kind
from model.trace.tokens import Tokens
from model.trace.trace import AttentionMaps

Word = tuple[str, int]  # stack, and the number of the word in what it reads or writes, from 0


@dataclass(frozen=True)
class Linking:
    """A head, and its strongest link between two words."""

    kind: str
    layer: int
    head: int
    query: int
    key: int
    weight: float
    even: float  # what the link would weigh if all weights of its row were equal


def words_of(maps: AttentionMaps) -> dict[Word, str]:
    """Every word of the pass as it stands in its text, stack by stack; those that are yet to be said are among them."""
    found: dict[Word, str] = {}
    for stack, axis in maps.axes.items():
        tokens = axis.labels
        for group in tokens.groups:
            spans = [span for span in (tokens.spans[at] for at in group) if span is not None]
            if tokens.words[group[0]] >= 0 and spans:
                found[stack, tokens.words[group[0]]] = tokens.text[spans[0][0] : spans[-1][1]]
    return found


def asking_tokens(maps: AttentionMaps, kind: Kind) -> Tokens:
    """What the rows of a kind go by here: the tokens that they read, and where they ask another text, those that they produce."""
    axis = maps.axes[kind.asks]
    return axis.read if kind.is_self else axis.labels


def linking_heads(maps: AttentionMaps, asks: Word, answers: Word) -> list[Linking]:
    """All heads in which the one word may attend to the other, the strongest link first.

    Empty where no attention leads from the one to the other: from a source to its translation, or to a word that is yet to be said.
    """
    found = []
    for kind in maps.anatomy.kinds:
        if (kind.asks, kind.answers) != (asks[0], answers[0]) or kind.name not in maps.attention:
            continue
        rows = [at for at, word in enumerate(asking_tokens(maps, kind).words) if word == asks[1]]
        columns = [at for at, word in enumerate(maps.columns(kind.name).words) if word == answers[1]]
        map_ = maps.attention[kind.name]
        allowed = map_.mask.expand_as(map_.weights[:, :1])  # (layer, 1, query, key)
        if not rows or not columns or not bool(allowed[:, 0][:, rows][:, :, columns].any()):
            continue
        links = map_.weights[:, :, rows][..., columns]  # (layer, head, row, column)
        best = links.flatten(2).max(-1)
        for layer, weights in enumerate(best.values.tolist()):
            for head, weight in enumerate(weights):
                row, column = divmod(int(best.indices[layer, head]), len(columns))
                even = 1 / max(int(allowed[layer, 0, rows[row]].sum()), 1)
                found.append(Linking(kind.name, layer, head, rows[row], columns[column], weight, even))
    return sorted(found, key=lambda link: (-link.weight, link.kind, link.layer, link.head))
