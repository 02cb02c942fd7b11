"""How byte-pair encoding builds pieces: the merges of one run of characters as a tree."""

from __future__ import annotations

import unicodedata

import plotly.graph_objects as go

from model.analysis.merges import MergeTree
from viz.charts.parts.panels import lay_out
from viz.theme import LABEL_SIZE, LIGHT, MONO, SPACE_MARK, Palette, markup, plotly_axis, plotly_layout, tinted, token_label

READABLE = 40  # characters: above this the nodes lose their labels, and the hover tells
ROW, LEAF = 34, 74  # px: height of one merge, width of one character, while there is room
NARROW = 26  # px: width of a character in a long run
TALLEST, WIDEST = 1500, 9000  # px: past these, rows and columns move closer together
FREE = 0.35  # rows: where lines keep off the characters and the pieces
INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Me", "Mn", "Zl", "Zp", "Zs"})  # Unicode categories


def character_label(character: str) -> str:
    """A character as people read it: `·` for a space mark, U+FE0F for what cannot be seen by itself."""
    if unicodedata.category(character) in INVISIBLE:
        return f"U+{ord(character):04X}"
    return token_label(character)


def run_label(text: str) -> str:
    """A run of characters as people read it: without the space in front, characters that cannot be seen named."""
    label = "".join(character_label(character) for character in text)
    return label.removeprefix(SPACE_MARK) or label


def merge_tree(tree: MergeTree, colours: Palette = LIGHT, ids: list[int] | None = None) -> go.Figure:
    """All merges of one run, read downwards: characters, then one merge a row in the order they are applied, then pieces.

    Every node names what it is and its rank, which says when training found this merge, 1 first. ids: those of the final
    pieces, shown below them. Runs of more than READABLE characters show text at the top and at the bottom; hover the rest.
    """
    places = _places(tree)
    bottom = len(tree.merges) + 1
    readable = len(tree.characters) <= READABLE
    figure = go.Figure()
    _lines(figure, tree, places, bottom, colours)
    _leaves(figure, tree, places, colours)
    _nodes(figure, tree, places, colours, readable)
    _pieces(figure, tree, places, bottom, colours, ids)
    return _frame(figure, tree, bottom, colours, readable)


def _places(tree: MergeTree) -> list[tuple[float, int]]:
    """(x, y) of every node: characters side by side at the top, a merge between its two parts, one row each."""
    places = [(float(index), 0) for index in range(len(tree.characters))]
    for order, merge in enumerate(tree.merges, start=1):
        places.append(((places[merge.left][0] + places[merge.right][0]) / 2, order))
    return places


def _lines(figure: go.Figure, tree: MergeTree, places: list, bottom: int, colours: Palette) -> None:
    """From both parts down to their merge and across; from every root down to its piece. Texts stay free at both ends."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for node, merge in enumerate(tree.merges, start=len(tree.characters)):
        (left, above_left), (right, above_right), (_, row) = places[merge.left], places[merge.right], places[node]
        xs += [left, left, right, right, None]
        ys += [above_left or FREE, row, row, above_right or FREE, None]
    for root in tree.roots:
        xs += [places[root][0], places[root][0], None]
        ys += [places[root][1] or FREE, bottom - FREE, None]
    figure.add_scatter(x=xs, y=ys, mode="lines", line={"color": colours.soft, "width": 1}, hoverinfo="skip", name="lines")


def _leaves(figure: go.Figure, tree: MergeTree, places: list, colours: Palette) -> None:
    """The characters, those that the vocabulary lacks in another colour."""
    names = [character_label(character) for character in tree.characters]
    lacking = "the vocabulary lacks this character: it becomes {} in UTF-8"
    hover = [
        f"“{markup(name)}”: " + (lacking.format(_bytes(tree, node)) if node in tree.lacking else f"character {node + 1}")
        for node, name in enumerate(names)
    ]
    texts = [tinted(name, colours.decoder if node in tree.lacking else colours.ink) for node, name in enumerate(names)]
    _row(figure, texts, places[: len(names)], hover, "characters")


def _nodes(figure: go.Figure, tree: MergeTree, places: list, colours: Palette, readable: bool) -> None:
    """The merges: what both parts are together, and the rank."""
    first = len(tree.characters)
    hover = [
        f"Merge {order}: “{_label(tree.text(merge.left))}” + “{_label(tree.text(merge.right))}” → “{_label(merge.piece)}”<br>"
        f"rank {merge.rank:,} of {tree.ranks:,}: the lowest of all neighbours at this moment"
        for order, merge in enumerate(tree.merges, start=1)
    ]
    x, y = [place[0] for place in places[first:]], [place[1] for place in places[first:]]
    size = 14 if readable else 7
    figure.add_scatter(
        x=x,
        y=y,
        mode="markers",
        marker={"size": size, "color": colours.encoder},
        hovertext=hover,
        hoverinfo="text",
        name="merges",
    )
    font = {"family": MONO, "size": LABEL_SIZE, "color": colours.ink}
    figure.layout.annotations = [
        {"x": x[at], "y": y[at], "text": f"<b>{_label(merge.piece)}</b> {tinted(f'rank {merge.rank:,}', colours.soft)}",
         "showarrow": False, "bgcolor": colours.card, "borderpad": 2, "font": font, "hovertext": hover[at]}
        for at, merge in enumerate(tree.merges if readable else ())
    ]  # fmt: skip


def _pieces(figure: go.Figure, tree: MergeTree, places: list, bottom: int, colours: Palette, ids: list[int] | None) -> None:
    """What is left when nothing can be merged any more, with ids where they are known."""
    left = iter(ids or [])
    texts, hover = [], []
    for root in tree.roots:
        pieces = tree.root_pieces(root)
        numbers = [str(next(left)) for _ in pieces] if ids else []
        label = _bytes(tree, root) if root in tree.lacking else token_label(pieces[0])
        numbered = f"<br>{tinted(numbers[0] + ('…' if len(numbers) > 1 else ''), colours.soft)}" if numbers else ""
        texts.append(f"<b>{tinted(label, colours.decoder if root in tree.lacking else colours.encoder)}</b>{numbered}")
        hover.append(
            f"{markup(' '.join(pieces if root in tree.lacking else map(token_label, pieces)))}"
            + (f": id {' '.join(numbers)}" if numbers else "")
        )
    _row(figure, texts, [(places[root][0], bottom) for root in tree.roots], hover, "pieces")


def _row(figure: go.Figure, texts: list[str], places: list, hover: list[str], name: str) -> None:
    """One row of texts; in a run so long that they would lie on each other, dots instead."""
    crowded = len(texts) * NARROW > WIDEST
    figure.add_scatter(
        x=[x for x, _ in places], y=[y for _, y in places], mode="markers" if crowded else "text", text=texts, name=name,
        textfont={"family": MONO, "size": LABEL_SIZE + 1}, marker={"size": 4}, hovertext=hover, hoverinfo="text",
    )  # fmt: skip


def _frame(figure: go.Figure, tree: MergeTree, bottom: int, colours: Palette, readable: bool) -> go.Figure:
    """Size and axes: rows named at the left, no numbers across."""
    count = len(tree.characters)
    leaf = max(30, min(LEAF, 1180 / count)) if readable else min(NARROW, WIDEST / count)
    row = ROW if readable else 14
    step = 1 if readable else max(1, -(-bottom // 20))
    rows = list(range(step, bottom, step))
    names = ["characters", *(f"merge {order}" for order in rows), "pieces"]
    tick = {"tickvals": [0, *rows, bottom], "ticktext": names, "tickfont": {"size": LABEL_SIZE, "color": colours.soft}}
    lay_out(
        figure,
        **plotly_layout(
            colours,
            width=round(count * leaf + 170),
            height=max(150, min(TALLEST, (bottom + 1) * row + 40)),
            margin={"l": 96, "r": 60, "t": 12, "b": 12},
            hovermode="closest",
            xaxis=plotly_axis(colours, range=[-0.6, count - 0.4], showticklabels=False, fixedrange=readable),
            yaxis=plotly_axis(colours, range=[bottom + 0.7, -0.6], automargin=False, fixedrange=readable, **tick),
        ),
    )
    return figure


def _bytes(tree: MergeTree, node: int) -> str:
    count = len(tree.root_pieces(node))
    return f"{count} byte{'s' if count > 1 else ''}"


def _label(text: str) -> str:
    return markup("".join(character_label(character) for character in text))
