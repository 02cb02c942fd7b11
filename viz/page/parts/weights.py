"""Attention for those who do not see it: every head in words, and weights as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from model.analysis.change import head_difference
from viz.canvas import Matrix, cell_states, difference_matrix, matrix_numbers, pack_matrices
from viz.charts import change_sentence, head_sentence
from viz.charts.parts.descriptions import Table
from viz.charts.parts.words import head_title
from viz.page.scene import Scene


def matrix_tables(matrices: Callable[[], Sequence[Matrix]], title: str) -> list[Table]:
    """A table for each of some matrices, rows and columns as in their picture, with the numbers as they were computed."""
    listed = list(matrices())
    numbers = matrix_numbers(pack_matrices(listed), [matrix.values for matrix in listed])
    return number_tables((f"{title}: {name}" if name else title, *rest) for name, *rest in numbers)


def _matrix_table(matrix: Matrix, title: str) -> Table:
    return matrix_tables(lambda: [matrix], title)[0]


def number_tables(numbers: Iterable[tuple]) -> list[Table]:
    """Tables of (title, names of rows, names of columns, cells)."""
    return [
        Table(title, ("", *columns), tuple((row, *cells) for row, cells in zip(rows, lines, strict=True)))
        for title, rows, columns, lines in numbers
    ]


def lines_tables(scene: Scene, kind: str, layer: int, heads: tuple[int, ...]) -> list[Table]:
    """The weights, or their changes, behind the lines of some heads: a table each."""
    matrices = [open_matrix(scene, kind, layer, head) for head in heads]
    titles = [head_title(scene.trace.anatomy.kind(kind), layer, head) for head in heads]
    return [_matrix_table(matrix, title) for title, matrix in zip(titles, matrices, strict=True)]


def open_matrix(scene: Scene, kind: str, layer: int, head: int) -> Matrix:
    """One head on screen, or what a change did to it."""
    if scene.compares:
        return difference_matrix(scene.maps, kind, *head_difference(scene.maps_before, scene.maps, kind, layer, head))
    states = cell_states(scene.maps, kind, layer, pieces=not scene.settings.words)
    return Matrix("", scene.maps, kind, scene.maps.attention[kind].weights[layer, head], states)


def head_words(scene: Scene, kind: str, layer: int, head: int) -> str:
    """The telling cell of a head in words, or the cell that a change moved most."""
    if scene.compares:
        return change_sentence(scene.maps_before, scene.maps, kind, layer, head)[2]
    return head_sentence(scene.maps, kind, layer, head)[2]


def all_heads_table(scene: Scene) -> Table:
    """Every head by its telling cell."""
    rows = (
        (head_title(scene.trace.anatomy.kind(kind), *place), head_words(scene, kind, *place)) for kind, place in _heads(scene)
    )
    return Table("Every head by its strongest telling cell", ("", "in words"), tuple(rows))


def all_weights_tables(scene: Scene) -> Iterator[Table]:
    """The weights of every head, or their changes, a table each: made one by one, for a sentence may be long."""
    for kind, place in _heads(scene):
        title = head_title(scene.trace.anatomy.kind(kind), *place)
        yield _matrix_table(open_matrix(scene, kind, *place), title)


def all_weights_count(scene: Scene) -> int:
    """How many weights that are."""
    return sum(map_.weights.numel() for map_ in scene.maps.attention.values())


def all_heads_words(scene: Scene) -> str:
    """How many heads there are, and the open one in words."""
    kind, layer, head = scene.open_head
    count = sum(1 for _ in _heads(scene))
    opened = head_title(scene.trace.anatomy.kind(kind), layer, head)
    return f"{count} heads. Open: {opened}. {head_words(scene, kind, layer, head)}."


def _heads(scene: Scene) -> Iterator[tuple[str, tuple[int, int]]]:
    for kind, attention in scene.trace.attention.items():
        layers, heads = attention.weights.shape[:2]
        yield from ((kind, (layer, head)) for layer in range(layers) for head in range(heads))
