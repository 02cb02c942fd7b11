"""A sentence as a row of token chips."""

from __future__ import annotations

import html
from difflib import SequenceMatcher

from model.tokenizer import SPACE, Tokens
from viz.theme import SPACE_MARK

ENGLISH = ("source", "first-order", "other-order")  # names of rows of English tokens; all others are French


def changed(before: Tokens, after: Tokens) -> set[int]:
    """Indices of the tokens of `after` that are not in `before` at their place in the sentence."""
    blocks = SequenceMatcher(None, before.ids, after.ids, autojunk=False).get_matching_blocks()
    kept = {block.b + index for block in blocks for index in range(block.size)}
    return set(range(len(after))) - kept


def row(name: str, label: str, tokens: Tokens, marked: set[int] = frozenset()) -> str:
    """HTML of one labelled row; `name` is for tests, `marked` tokens are drawn as changed. All text is escaped."""
    chips = "".join(
        _chip(piece, word, index in marked) for index, (piece, word) in enumerate(zip(tokens.pieces, tokens.words, strict=True))
    )
    language = "en" if name in ENGLISH else "fr"
    return (
        f'<div class="tokens" data-testid="tokens-{name}"><span class="tokens-label">{html.escape(label)}</span>'
        f'<span class="chips" dir="auto" translate="no" lang="{language}">{chips}</span></div>'
    )


def _chip(piece: str, word: int, is_changed: bool) -> str:
    rest = piece.lstrip(SPACE)
    mark = f'<i aria-hidden="true">{SPACE_MARK * (len(piece) - len(rest))}</i>' if rest != piece else ""
    kind = "chip special" if word < 0 else "chip changed" if is_changed else "chip"
    return f'<span class="{kind}">{mark}{html.escape(rest)}</span>'
