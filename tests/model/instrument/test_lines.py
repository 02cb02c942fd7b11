"""Damaged files of text: file and line are named by everything that reads one, whatever the damage."""

from __future__ import annotations

import gzip

import pytest

from model.analysis.alignment import read_pairs as read_linked
from model.instrument.lines import read_lines
from model.measuring import alignment, evaluate, roles
from model.measuring.coreference_pairs import read_lexicon
from model.measuring.first_inputs import read_inputs
from model.training.data import read_pairs, read_split
from model.training.train import main as train

GOOD = "a\tb\nc\td\n"
BAD = {
    "one column": (b"a\tb\nonly one\n", "line 2: expected source<TAB>target, found 1 column"),
    "three columns": (b"a\tb\tc\n", "line 1: .*3 columns"),
    "an empty line": (b"a\tb\n\nc\td\n", "line 2: .*1 column"),
    "latin-1": ("a\tb\nun \xe9t\xe9\tc\n".encode("latin-1"), "line 2: byte 4 is not UTF-8"),
    "utf-16": (GOOD.encode("utf-16"), "line 1: byte 1 is not UTF-8"),
    "utf-16 without a mark": (GOOD.encode("utf-16-le"), "line 1: .*zero byte"),
    "nothing": (b"", "line 1: the file is empty"),
}


@pytest.mark.parametrize("case", BAD)
def test_damaged_pairs_are_named(tmp_path, case):
    """File, line and what is wrong."""
    content, words = BAD[case]
    path = tmp_path / "x.train.tsv.gz"
    path.write_bytes(gzip.compress(content))
    with pytest.raises(ValueError, match=rf"x\.train\.tsv\.gz, {words}"):
        read_pairs(path)
    with pytest.raises(ValueError, match=rf"x\.train\.tsv\.gz, {words}"):
        read_split(tmp_path, [".train.tsv.gz"])


LONG = "".join(f"word {number} {number * 7919 % 1013}\tmot {number}\n" for number in range(20_000)).encode()


@pytest.mark.parametrize("keep", [5, 300, -400, -9, -1])
def test_gzip_that_is_cut_off_is_named(tmp_path, keep):
    """At the beginning, in the middle, and within the check sum at the end."""
    path = tmp_path / "x.tsv.gz"
    path.write_bytes(gzip.compress(LONG)[:keep])
    with pytest.raises(ValueError, match=r"x\.tsv\.gz, line \d+: the file is cut off or damaged"):
        read_pairs(path)


def test_bytes_that_changed_and_no_gzip_are_named(tmp_path):
    """A flipped byte in the middle, plain text, and other bytes behind the end."""
    packed = gzip.compress(LONG)
    middle = bytearray(packed)
    middle[len(packed) // 2] ^= 0xFF
    for content in (bytes(middle), GOOD.encode(), packed + b"more"):
        path = tmp_path / "x.tsv.gz"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"x\.tsv\.gz, line \d+: "):
            read_pairs(path)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_byte_order_mark_and_any_end_of_line_are_no_text(tmp_path, ends):
    """U+2028 and U+0085 are text, not ends of lines."""
    text = f"\ufeffa\u2028\tb{ends}c\tun \u0085{ends}"
    (tmp_path / "x.tsv.gz").write_bytes(gzip.compress(text.encode()))
    assert read_pairs(tmp_path / "x.tsv.gz") == [("a\u2028", "b"), ("c", "un \u0085")]
    (tmp_path / "x.tsv").write_text(text, encoding="utf-8", newline="")
    assert [line for _, line in read_lines(tmp_path / "x.tsv")] == ["a\u2028\tb", "c\tun \u0085"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Two dogs.\tDeux chiens.", "2 columns"), ("Two dogs.\tDeux chiens.\t0-0\tmore", "4 columns"), ("Two dogs.\tDeux chiens.\t0-0 1-7", "word"),
        ("Two dogs.\tDeux chiens.\t0-0 1:1", "1:1"), ("Two dogs.\tDeux chiens.\t0-0 x", "'x'"), ("Two dogs.\tDeux chiens.\t0-0-1", "0-0-1"),
        ("Two dogs.\tDeux chiens.\t", "no sure link"), ("Two dogs.\tDeux chiens.\t0?0", "no sure link"), ("Two dogs.\tDeux chiens.\t٠-٠", "no link"),
    ],
)  # fmt: skip
def test_a_bad_line_of_links_is_named(tmp_path, line, words):
    """With its number, comments counted."""
    path = tmp_path / "links.tsv"
    path.write_text(f"# a comment\nTwo dogs.\tDeux chiens.\t0-0 1-1 2?2\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=rf"links\.tsv, line 3: .*{words}"):
        read_linked(path)
    path.write_text("# a comment\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"links\.tsv holds no pair"):
        read_linked(path)


@pytest.mark.parametrize("read", [read_linked, read_lexicon, read_inputs])
def test_every_reader_names_the_line(tmp_path, read):
    """Wrong encoding and an empty file."""
    path = tmp_path / "some.tsv"
    for content in ("# \xe9\n".encode("latin-1"), b""):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"some\.tsv, line 1: "):
            read(path)


def test_the_commands_say_it_in_words(data, tmp_path):
    """One line with file and line, no traceback."""
    (data / "other.train.tsv.gz").write_bytes(gzip.compress(b"a\tb\nc\n"))
    with pytest.raises(SystemExit, match=r"error: .*other\.train\.tsv\.gz, line 2"):
        train(["--data", str(data), "--run", str(data / "run"), "--out", str(data / "out"), "--device", "cpu"])
    links = tmp_path / "links.tsv"
    links.write_text("Two dogs.\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"error: .*links\.tsv, line 1"):
        alignment.main(["--pairs", str(links), "--device", "cpu"])
    for split in ("tatoeba.dev", "multi30k.val", "tatoeba.test"):
        (tmp_path / f"{split}.tsv.gz").write_bytes(b"no gzip\n")
    for command in (roles.main, evaluate.main):
        with pytest.raises(SystemExit, match=r"error: .*tatoeba\.\w+\.tsv\.gz, line 1"):
            command(["--data", str(tmp_path), "--device", "cpu"])
