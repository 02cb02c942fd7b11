"""Byte fallback: pieces `<0x00>` .. `<0xFF>` that stand for the UTF-8 bytes of a character which the vocabulary lacks."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

FIRST_BYTE = 4  # id of the piece <0x00>, behind <pad>, <unk>, <s>, </s>
LAST_BYTE = FIRST_BYTE + 255
UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Me", "Mn", "Zl", "Zp", "Zs"})  # Unicode categories


@dataclass(frozen=True)
class ByteRun:
    """Neighbouring byte pieces that together are one character."""

    tokens: range  # positions in Tokens
    character: str | None  # what they spell in UTF-8; None for a single byte that is part of no character


def is_byte(id_: int) -> bool:
    """Whether an id is that of a byte piece."""
    return FIRST_BYTE <= id_ <= LAST_BYTE


def byte_runs_of(ids: list[int]) -> list[ByteRun]:
    """The characters that byte pieces spell, in order. Bytes that make no character each come alone, with character None."""
    found: list[ByteRun] = []
    at = 0
    while at < len(ids):
        if not is_byte(ids[at]):
            at += 1
            continue
        length = _utf8_length(ids[at] - FIRST_BYTE)
        character = _spelled(ids[at : at + length])
        found.append(ByteRun(range(at, at + (length if character else 1)), character))
        at = found[-1].tokens.stop
    return found


def character_name(character: str) -> str:
    """A character as people read it: U+FE0F for what cannot be seen by itself."""
    return f"U+{ord(character):04X}" if unicodedata.category(character) in UNSEEN else character


def spelled_pieces(ids: list[int], pieces: list[str]) -> list[str]:
    """Pieces with every byte replaced by the whole character that it is part of; a byte of no character stays <0xE2>."""
    spelled = list(pieces)
    for run in byte_runs_of(ids):
        for at in run.tokens:
            if run.character is not None and pieces[at] == hexadecimal(ids[at]):
                spelled[at] = run.character
    return spelled


def spelled_text(ids: list[int], pieces: list[str]) -> str:
    """What pieces spell, one behind the other: every character of bytes once, spaces as the vocabulary writes them."""
    later = {at for run in byte_runs_of(ids) if run.character is not None for at in run.tokens[1:]}
    return "".join(piece for at, piece in enumerate(spelled_pieces(ids, pieces)) if at not in later)


def shown_pieces(ids: list[int], pieces: list[str]) -> list[str]:
    """Pieces as people read them: a byte piece is its character, “ 1/3 where it is one of three bytes.

    A byte that is part of no character stays <0xE2>; a joined word, whose first piece was a byte, stays as it is.
    """
    shown = list(pieces)
    for run in byte_runs_of(ids):
        for number, at in enumerate(run.tokens, start=1):
            if run.character is not None and pieces[at] == hexadecimal(ids[at]):
                count = len(run.tokens)
                shown[at] = character_name(run.character) + (f" {number}/{count}" if count > 1 else "")
    return shown


def hexadecimal(id_: int) -> str:
    """How the vocabulary writes a byte: <0xE2>."""
    return f"<0x{id_ - FIRST_BYTE:02X}>"


def _utf8_length(lead: int) -> int:
    """Bytes of the UTF-8 character that starts with this byte; 1 for a byte that starts none."""
    return 4 if lead >= 0xF0 else 3 if lead >= 0xE0 else 2 if lead >= 0xC0 else 1


def _spelled(ids: list[int]) -> str | None:
    """The one character that these byte pieces spell; None where they do not."""
    if not all(map(is_byte, ids)):
        return None
    try:
        text = bytes(id_ - FIRST_BYTE for id_ in ids).decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if len(text) == 1 else None
