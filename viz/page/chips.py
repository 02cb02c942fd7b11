"""A sentence as a row of token chips."""

from __future__ import annotations

import html
from collections.abc import Sequence, Set
from difflib import SequenceMatcher

from model.analysis.words import join_pieces, word_groups
from model.trace.tokens import Tokens
from viz.page.parts.tags import Html, joined, scroller, tag
from viz.theme import SPACE_MARK, cut


def lost(before: Tokens, after: Tokens) -> set[int]:
    """Indices of the tokens of `before` that are not in `after` at their place in the sentence."""
    blocks = SequenceMatcher(None, before.ids, after.ids, autojunk=False).get_matching_blocks()
    return set(range(len(before))) - {block.a + index for block in blocks for index in range(block.size)}


ENGLISH = ("source", "first-order", "other-order")  # names of rows of English tokens; all others are French


def changed(before: Tokens, after: Tokens) -> set[int]:
    """Indices of the tokens of `after` that are not in `before` at their place in the sentence."""
    blocks = SequenceMatcher(None, before.ids, after.ids, autojunk=False).get_matching_blocks()
    common = {block.b + index for block in blocks for index in range(block.size)}
    return set(range(len(after))) - common


def row(
    name: str, label: str, tokens: Tokens, marked: Set[int] = frozenset(), struck: Set[int] = frozenset(), in_words: bool = False,
    lang: str | None = None,
) -> str:  # fmt: skip
    """HTML of one labelled row. All text is escaped.

    name: for tests; marked: tokens that are drawn as changed; struck: as deleted; in_words: pieces are joined to words;
    lang: as HTML has it, where the name does not say it.
    """
    if in_words:
        tokens, marked, struck = _joined(tokens, marked, struck)
    chips = "".join(_chip(tokens, index, index in marked, index in struck, in_words) for index in range(len(tokens)))
    language = lang if lang is not None else "en" if name in ENGLISH else "fr"
    return scroller(
        label,
        tag("span", label, class_="tokens-label"),
        tag("span", Html(chips), class_="chips", dir="auto", translate="no", lang=language),
        class_="tokens",
        data_testid=f"tokens-{name}",
    )


def block(rows: Sequence[str]) -> Html:
    """HTML: rows under each other. Three or more are named so, for a screen that is low: a rule that counted them itself would have the
    browser look through the page again after every change."""
    return tag("div", joined(Html(one) for one in rows), class_="rows three" if len(rows) > 2 else "rows")


def token_cell(label: str, name: str = "", lang: str = "") -> Html:
    """HTML of a table cell with a token: cut to a label, the whole and its name in the hover; lang: its language. All text is escaped."""
    text, whole = cut(label), name or label
    return tag("td", text, class_="token", lang=lang or None, title=whole if text != whole else None)


def _joined(tokens: Tokens, *sets: Set[int]) -> tuple:
    """Words, and for each set of pieces the words that have one of them."""
    groups = word_groups(tokens)
    return join_pieces(tokens), *({at for at, group in enumerate(groups) if not one.isdisjoint(group)} for one in sets)


def _chip(tokens: Tokens, at: int, is_changed: bool, is_lost: bool, in_words: bool) -> str:
    piece, name, spaces, is_special = tokens.shown[at], tokens.named[at], tokens.space_marks[at], tokens.special[at]
    rest = piece[spaces:]
    if not (tokens.notation.space or is_special):  # WordPiece writes what is glued, not what is apart
        spaces, rest = int(not tokens.notation.is_glued(piece)), tokens.notation.surface(piece)
    mark = f'<i aria-hidden="true">{SPACE_MARK * spaces}</i>' if spaces and not in_words else ""
    kind = "chip special" if is_special else "chip changed" if is_changed else "chip"
    kind += " begins" if spaces or is_special or in_words else ""
    title = f' title="{html.escape(name)}"' if name != piece else ""
    if is_lost and not is_special:
        return f'<del class="{kind} lost"{title}>{mark}{html.escape(rest)}</del>'
    return f'<span class="{kind}"{title}>{mark}{html.escape(rest)}</span>'
