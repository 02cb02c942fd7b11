"""A text, however long, in shards of the same size: a file or a folder of lines, packed or not, or of Parquet.

A line is a sentence, or a pair that a tab parts; a row of Parquet likewise by its first one or two columns of text. A line's row number, and
so everything that is drawn by it, depends on the text alone.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from model.corpus.reading import Line
from model.instrument.lines import line_text

SHARD = 4096  # lines
PARQUET = ".parquet"
ENDINGS = (".txt", ".tsv", ".gz", PARQUET)  # of files that a folder is searched for


@dataclass(frozen=True)
class Shard:
    """Lines of one file that are counted together."""

    number: int  # from 0
    path: Path
    first: int  # row number of its first line
    line: int  # the same in its file, from 0
    lines: int
    offset: int = 0  # bytes of the file in front of it; 0 where they say nothing: packed files


@dataclass(frozen=True)
class Text:
    """All shards of a text, in order. sha256: of its content, whatever its files are called."""

    sha256: str
    shards: tuple[Shard, ...]

    @property
    def lines(self) -> int:
        """Of all files."""
        return sum(shard.lines for shard in self.shards)


def open_text(path: Path, size: int = SHARD) -> Text:
    """Look through a file, or a folder's files in the order of their names, once. Raises OSError, or ValueError that names the file."""
    digest, shards = hashlib.sha256(), list[Shard]()
    for file in _files(Path(path)):
        first = shards[-1].first + shards[-1].lines if shards else 0
        cuts = _cut_parquet(file, size, digest) if file.suffix == PARQUET else _cut_lines(file, size, digest)
        for line, lines, offset in cuts:
            shards.append(Shard(len(shards), file, first + line, line, lines, offset))
    if not shards:
        raise ValueError(f"{path} holds no line. Give a text with a sentence, or a pair that a tab parts, on every line.")
    return Text(digest.hexdigest(), tuple(shards))


def read_shard(shard: Shard) -> list[Line]:
    """The lines of a shard. Raises ValueError, with file and line, for one that is not UTF-8 or has more than two columns."""
    if shard.path.suffix == PARQUET:
        return [Line(shard.first + at, *pair) for at, pair in enumerate(_rows(shard))]
    with _opened(shard.path) as file, _explained(shard.path):
        if shard.offset:
            file.seek(shard.offset)
        lines = islice(file, 0 if shard.offset else shard.line, (0 if shard.offset else shard.line) + shard.lines)
        return [Line(shard.first + at, *_columns(content, shard.path, shard.line + at + 1)) for at, content in enumerate(lines)]


def find_lines(text: Text, rows: Iterable[int]) -> dict[int, Line]:
    """Some lines of a text, by their row number."""
    wanted = sorted(set(rows))
    found: dict[int, Line] = {}
    for shard in text.shards:
        if any(shard.first <= row < shard.first + shard.lines for row in wanted):
            lines = read_shard(shard)
            found |= {row: lines[row - shard.first] for row in wanted if shard.first <= row < shard.first + shard.lines}
    return found


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise ValueError(f"{path} is not there. Name a file or a folder with text.")
    if path.is_file():
        return [path]
    files = sorted(file for file in path.rglob("*") if file.suffix in ENDINGS and file.is_file())
    if not files:
        raise ValueError(f"No file in {path} ends in {', '.join(ENDINGS)}. Name a folder of such files, or one file.")
    return files


def _cut_lines(path: Path, size: int, digest: Any) -> Iterator[tuple[int, int, int]]:
    """(line, lines, offset) of the shards of a file of lines; the digest takes its content in."""
    offset = line = 0
    with _opened(path) as file, _explained(path):
        while block := list(islice(file, size)):
            for at, content in enumerate(block):
                _columns(content, path, line + at + 1)
                digest.update(content)
            yield line, len(block), 0 if path.suffix == ".gz" else offset
            line, offset = line + len(block), offset + sum(map(len, block))


def _columns(content: bytes, path: Path, number: int) -> list[str]:
    """The sentence of a line, or its pair; number: of the line, from 1. Raises ValueError, with file and line, for anything else."""
    columns = line_text(content, path, number).split("\t")
    if len(columns) > 2:
        raise ValueError(f"{path}, line {number}: {len(columns)} columns. A line is a sentence, or a pair that one tab parts.")
    return columns


def _opened(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else open(path, "rb")


class _explained:
    """Whatever is wrong with a packed file is a ValueError that names it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, gzip.BadGzipFile | EOFError | zlib.error):
            raise ValueError(f"{self.path} is not gzip, or damaged ({error}). Pack it again with gzip.") from error


# -- Parquet ------------------------------------------------------------------------------------------------------------


def _parquet(path: Path) -> tuple[Any, list[str]]:
    """The file and its first one or two columns of text."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ValueError(f"{path} is Parquet, which needs `pip install pyarrow`.") from error
    try:
        file = parquet.ParquetFile(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise ValueError(f"{path} is not Parquet, or damaged ({str(error).splitlines()[0]}).") from error
    text = [column.name for column in file.schema_arrow if column.type in (pyarrow.string(), pyarrow.large_string())]
    if not text:
        raise ValueError(f"{path} has no column of text: {', '.join(file.schema_arrow.names)}.")
    return file, text[:2]


def _cut_parquet(path: Path, size: int, digest: Any) -> Iterator[tuple[int, int, int]]:
    file, _ = _parquet(path)
    with path.open("rb") as content:
        while block := content.read(1 << 20):
            digest.update(block)
    rows = file.metadata.num_rows
    for line in range(0, rows, size):
        yield line, min(size, rows - line), 0


def _rows(shard: Shard) -> Iterator[tuple[str, str | None]]:
    """The rows of a shard; of the groups of rows that it lies in, no other is read."""
    file, names = _parquet(shard.path)
    start, groups, before = 0, [], None
    for group in range(file.metadata.num_row_groups):
        rows = file.metadata.row_group(group).num_rows
        if start < shard.line + shard.lines and start + rows > shard.line:
            groups.append(group)
            before = start if before is None else before
        start += rows
    table = file.read_row_groups(groups, columns=names).slice(shard.line - (before or 0), shard.lines)
    columns = [table.column(name).to_pylist() for name in names]
    for at in range(table.num_rows):
        yield columns[0][at] or "", columns[1][at] if len(columns) > 1 else None
