"""The README's Python runs as it stands, and what its comments say about results is true."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest
import torch
from support.cells import is_chart, load_quickly, run, show

from model.trace.trace import Trace

README = Path(__file__).resolve().parents[1] / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
SHAPE = re.compile(r"\(([a-z_]+(?:, ?[a-z_]+)*,?)\)")


def statements(block: str) -> list[tuple[str, str]]:
    """(source, comment at the end of its last line) of every statement."""
    comments = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(io.StringIO(block).readline)
        if token.type == tokenize.COMMENT
    }
    return [(ast.get_source_segment(block, node), comments.get(node.end_lineno, "")) for node in ast.parse(block).body]


def sizes(trace: Trace) -> dict[str, set[int]]:
    """What each axis name may measure in this trace."""
    anatomy = trace.anatomy
    positions = {len(trace.source), len(trace.target)}
    return {
        "layer": {kind.layers for kind in anatomy.kinds}, "head": {kind.heads for kind in anatomy.kinds}, "query": positions, "key": positions,
        "position": positions, "target position": {len(trace.target)}, "d_head": {kind.d_head for kind in anatomy.kinds},
        "d_model": {anatomy.d_model}, "d_ff": {units.size(-1) for units in trace.feed_forward.values()}, "vocabulary": {anatomy.vocabulary},
        "point": {states.states.size(0) for states in trace.residual.values()},
    }  # fmt: skip


def check(source: str, comment: str, value: object, trace: Trace | None) -> str | None:
    """What a comment states about a value, held to it. Returns what was checked: "text", "shape", "chart" or None.

    `# 'text'` is the value's repr or its text in quotes; `# (layer, head)` names the axes of a tensor, of several in the order
    of their shapes; "shows itself" is said of a chart.
    """
    if comment[:1] in ("'", '"'):
        assert comment in (repr(value), f"'{value}'", f'"{value}"'), f"README.md: {source} is {value!r}, not {comment}"
        return "text"
    tensors = [item for item in (value if isinstance(value, tuple) else (value,)) if isinstance(item, torch.Tensor)]
    if tensors and SHAPE.match(comment):
        for tensor, shape in zip(tensors, SHAPE.findall(comment), strict=False):
            names = [name.strip() for name in shape.split(",") if name.strip()]
            allowed = [sizes(trace)[name] for name in names]
            right = len(names) == tensor.ndim and all(size in known for size, known in zip(tensor.shape, allowed, strict=True))
            assert right, f"README.md: {source} is of shape {tuple(tensor.shape)}, not ({shape})"
        return "shape"
    if is_chart(value) or "shows itself" in comment:
        assert is_chart(value), f"README.md: {source} does not show itself; it is a {type(value).__name__}"
        return show(value) and "chart"
    return None


def test_every_python_block_runs_and_says_the_truth(translator, monkeypatch):
    """In order, in one namespace; a text, shapes and a chart are among what is checked."""
    load_quickly(monkeypatch, translator)
    namespace: dict = {}
    checked = set()
    for block in BLOCKS:
        for source, comment in statements(block):
            checked.add(check(source, comment, run(source, namespace), namespace.get("trace")))
    assert {"text", "shape", "chart"} <= checked


@pytest.mark.parametrize("comment", ["'Le chat dort.'", "(layer, head)", "(head, layer, query, key)", "shows itself in Jupyter"])
def test_a_comment_that_is_wrong_is_found(translator, comment):
    """The check above can fail."""
    trace = translator.trace("The cat sat.")
    with pytest.raises(AssertionError, match="README"):
        check("trace", comment, trace.attention["encoder"].weights, trace)
