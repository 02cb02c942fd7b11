"""A text is the same in any packing, and says in words what is wrong with it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.corpus.text import find_lines, open_text, read_shard

lines = st.lists(
    st.lists(st.text(st.characters(exclude_characters="\t\n\r\0", exclude_categories=["Cs"]), max_size=8), min_size=1, max_size=2),
    min_size=1, max_size=20,
)  # fmt: skip


def all_lines(path: Path, size: int) -> list[tuple]:
    text = open_text(path, size)
    found = [line for shard in text.shards for line in read_shard(shard)]
    assert [line.row for line in found] == list(range(text.lines))
    assert [shard.number for shard in text.shards] == list(range(len(text.shards)))
    assert all(0 < shard.lines <= size for shard in text.shards)
    some = range(0, text.lines, 3)
    assert find_lines(text, some) == {row: found[row] for row in some}
    return [(line.source, line.target) for line in found]


@given(content=lines, size=st.integers(1, 7))
def test_every_packing_gives_the_same_lines(tmp_path_factory, content, size):
    """Plain, packed and Parquet; a sentence has no target, a pair has one."""
    pyarrow = pytest.importorskip("pyarrow", reason="pip install pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    folder = tmp_path_factory.mktemp("text")
    text = "".join("\t".join(columns) + "\n" for columns in content)
    (folder / "text.txt").write_bytes(text.encode())
    (folder / "text.gz").write_bytes(gzip.compress(text.encode()))
    table = {
        "number": [*range(len(content))],
        "en": [row[0] for row in content],
        "fr": [row[1] if len(row) > 1 else None for row in content],
    }
    parquet.write_table(
        pyarrow.table(table, pyarrow.schema([("number", "int64"), ("en", "string"), ("fr", "string")])),
        folder / "text.parquet",
        row_group_size=3,
    )
    expected = [(row[0], row[1] if len(row) > 1 else None) for row in content]
    for name in ("text.txt", "text.gz", "text.parquet"):
        assert all_lines(folder / name, size) == expected, name
    assert open_text(folder / "text.txt").sha256 == open_text(folder / "text.gz").sha256


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path):
    """Rows go on from file to file; files of another ending are none of the text."""
    (tmp_path / "b.tsv").write_text("two\tdeux\n")
    (tmp_path / "a.txt").write_text("one\n")
    (tmp_path / "README.md").write_text("none\n")
    assert all_lines(tmp_path, 5) == [("one", None), ("two", "deux")]
    before = open_text(tmp_path).sha256
    (tmp_path / "b.tsv").write_text("two\tzwei\n")
    assert open_text(tmp_path).sha256 != before


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", b"", "holds no line"), ("a.txt", b"one\na\tb\tc\n", "line 2: 3 columns"), ("a.txt", b"one\n\xff\n", "line 2: byte 1 is not UTF-8"),
        ("a.gz", b"no gzip", "Pack it again"), ("a.gz", gzip.compress(b"one\n" * 99, mtime=0)[:-9], "Pack it again"), ("a.parquet", b"none", "is not Parquet"),
        ("a.md", b"one\n", "ends in .txt"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_in_words(tmp_path, name, content, words):
    """With the file, the line and what to do."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=words):
        open_text(tmp_path)


def test_a_text_that_is_not_there_is_said_in_words(tmp_path):
    """Neither file nor folder."""
    with pytest.raises(ValueError, match="is not there"):
        open_text(tmp_path / "none")
