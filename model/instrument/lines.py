"""Lines of text files, which say where they are damaged: every error names the file and the line."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

HOW = "Write it again as UTF-8 text"


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """(number from 1, line without its end) of a UTF-8 file, gzipped if its name ends in .gz; a byte order mark is no text.

    Raises OSError where the file cannot be opened, ValueError with file and line for one that is not gzip, cut off, empty or
    not UTF-8.
    """
    path = Path(path)
    packed, number = path.suffix == ".gz", 0
    with gzip.open(path, "rb") if packed else open(path, "rb") as file:
        try:
            for number, line in enumerate(file, 1):
                yield number, line_text(line, path, number)
        except gzip.BadGzipFile as error:
            raise ValueError(
                f"{path}, line {number + 1}: this is not gzip, or damaged ({error}). Pack it again with gzip."
            ) from error
        except (EOFError, zlib.error) as error:
            raise ValueError(
                f"{path}, line {number + 1}: the file is cut off or damaged ({error}). Copy or download it again."
            ) from error
    if not number:
        raise ValueError(f"{path}, line 1: the file is empty.")


def line_text(line: bytes, path: Path, number: int) -> str:
    """One line as text."""
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}, line {number}: byte {error.start + 1} is not UTF-8. {HOW}.") from error
    if "\0" in text:
        raise ValueError(f"{path}, line {number}: holds a zero byte, as UTF-16 does. {HOW}.")
    return text.rstrip("\r\n")


def columns(path: Path, number: int, line: str, names: tuple[str, ...]) -> list[str]:
    """The columns of a line that tabs part. Raises ValueError with file and line where there are not as many as names."""
    found = line.split("\t")
    if len(found) != len(names):
        raise ValueError(
            f"{path}, line {number}: expected {'<TAB>'.join(names)}, found {len(found)} column{'s' * (len(found) != 1)}."
        )
    return found
