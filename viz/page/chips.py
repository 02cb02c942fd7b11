"""A sentence as a row of token chips."""

from __future__ import annotations

import html
from collections.abc import Set
from difflib import SequenceMatcher

from model.instrument.tokenizer import SPACE
from model.trace.tokens import Tokens
from viz.page.parts.tags import Html, tag
from viz.theme import SPACE_MARK, cut


def lost(before: Tokens, after: Tokens) -> set[int]:
    """Indices of the tokens of `before` that are not in `after` at their place in the sentence."""
    blocks = SequenceMatcher(None, before.ids, after.ids, autojunk=False).get_matching_blocks()
    return set(range(len(before))) - {block.a + index for block in blocks for index in range(block.size)}


ENGLISH = ("source", "first-order", "other-order")  # names of rows of English tokens; all others are French


def changed(before: Tokens, after: Tokens) -> set[int]:
    """Indices of the tokens of `after` that are not in `before` at their place in the sentence."""
    blocks = SequenceMatcher(None, before.ids, after.ids, autojunk=False).get_matching_blocks()
    kept = {block.b + index for block in blocks for index in range(block.size)}
    return set(range(len(after))) - kept


def row(name: str, label: str, tokens: Tokens, marked: Set[int] = frozenset(), struck: Set[int] = frozenset()) -> str:
    """HTML of one labelled row; `name` is for tests, `marked` tokens are drawn as changed, `struck` ones as deleted. All text is escaped."""
    chips = "".join(
        _chip(piece, name, word, index in marked, index in struck)
        for index, (piece, name, word) in enumerate(zip(tokens.shown, tokens.named, tokens.words, strict=True))
    )
    language = "en" if name in ENGLISH else "fr"
    return (
        f'<div class="tokens" data-testid="tokens-{name}"><span class="tokens-label">{html.escape(label)}</span>'
        f'<span class="chips" dir="auto" translate="no" lang="{language}">{chips}</span></div>'
    )


def token_cell(label: str, name: str = "", lang: str = "") -> Html:
    """HTML of a table cell with a token: cut to a label, the whole and its name in the hover; lang: its language. All text is escaped."""
    shown, whole = cut(label), name or label
    return tag("td", shown, class_="token", lang=lang or None, title=whole if shown != whole else None)


def _chip(piece: str, name: str, word: int, is_changed: bool, is_lost: bool) -> str:
    rest = piece.lstrip(SPACE)
    mark = f'<i aria-hidden="true">{SPACE_MARK * (len(piece) - len(rest))}</i>' if rest != piece else ""
    kind = "chip special" if word < 0 else "chip changed" if is_changed else "chip"
    title = f' title="{html.escape(name)}"' if name != piece else ""
    if is_lost and word >= 0:
        return f'<del class="{kind} lost"{title}>{mark}{html.escape(rest)}</del>'
    return f'<span class="{kind}"{title}>{mark}{html.escape(rest)}</span>'
