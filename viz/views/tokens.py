"""Tokens: how a sentence becomes ids."""

from __future__ import annotations

import html
from collections.abc import Iterator
from functools import partial

import streamlit as st

from model.analysis.merges import byte_runs, renumbered, replay_merges, space_runs, spelled, three_cuts
from model.analysis.words import word_groups
from model.trace.tokens import Tokens
from viz.charts import merge_tree
from viz.charts.tokens import READABLE, character_label, run_label
from viz.page import needs
from viz.page.choices import plain
from viz.page.parts.captions import caption_line
from viz.page.parts.cards import card, figure_sheet, plot
from viz.page.parts.pickers import pick_one
from viz.page.parts.sides import choose_side
from viz.page.scene import SIDE, Scene, View, style_beside
from viz.page.wording import translates
from viz.takeaway import Sheet
from viz.theme import SPACE_MARK, cut, language_code, token_label

RUN_KEY = "tokens-run"
MOST_PILLS = 60  # runs; more of them are chosen from a list
LONGEST_RUN = 28  # characters of a run on its button
NAMED = 12  # unknown words that are named; the rest is counted
EMPTY = "This side has no token but special ones, so there is nothing to cut."


def draw(scene: Scene) -> None:
    """Pieces with their ids, three ways to cut, the merges of one word, and why the numbering matters."""
    side = choose_side(scene.trace.anatomy, "tokens-side")
    tokens, language = scene.trace.tokens(side), language_code(scene.trace.anatomy.stack(side).language)
    with card("tokens-ids"):
        st.html(_counted(tokens) + cards(tokens, language))
    runs = space_runs(tokens)
    if not runs:
        st.info(EMPTY)
        return
    if absence := needs.lacks(scene.trace.anatomy, needs.MERGES):
        st.info(plain(absence))
        return
    with card("tokens-cuts"):
        st.html(_cuts(scene, tokens, side, language))
    with card("tokens-merges"):
        _merges(scene, tokens, runs)
    with card("tokens-numbering"):
        st.html(_numbering(scene, tokens, language))


# Pieces and ids -------------------------------------------------------------------------------------------------------


def cards(tokens: Tokens, language: str = "") -> str:
    """HTML: one card a token, piece above and id below, the pieces of a word in one frame. language: as `lang` has it. All text is escaped."""
    named = {index: run for run in byte_runs(tokens) for index in run.tokens}
    body = []
    for group in word_groups(tokens):
        kind = "word special" if tokens.special[group[0]] else "word"
        inside = "".join(_byte_card(tokens, named[at], at) if at in named else _card(tokens, at) for at in group)
        body.append(f'<span class="{kind}">{inside}</span>')
    return f'<div class="tokens-cards" data-testid="tokens-cards" dir="auto" tabindex="0" translate="no" lang="{language}">{"".join(body)}</div>'


def _card(tokens: Tokens, at: int, kind: str = "piece", note: str = "") -> str:
    piece, name, id_ = tokens.shown[at], tokens.named[at], tokens.ids[at]
    spaces = tokens.space_marks[at]
    mark, rest = f"<i>{SPACE_MARK * spaces}</i>" if spaces else "", piece[spaces:]
    title = f"token {at + 1}" + (f": {name}" if name != piece else "")
    return f'<span class="{kind}" title="{html.escape(title)}"><b>{mark}{html.escape(rest)}</b><span>{id_}</span>{note}</span>'


def _byte_card(tokens: Tokens, run, at: int) -> str:
    """One byte, and which of which character it is."""
    if run.character is None:
        return _card(tokens, at, "piece byte", "<small>part of no character</small>")
    which = f"byte {at - run.tokens.start + 1} of {len(run.tokens)}: " if len(run.tokens) > 1 else "the byte of "
    return _card(tokens, at, "piece byte", f"<small>{which}<bdi>{html.escape(character_label(run.character))}</bdi></small>")


def _counted(tokens: Tokens) -> str:
    """How many of what, above the cards."""
    inside = tokens.special.count(False)
    words = sum(not tokens.special[group[0]] for group in word_groups(tokens))
    missing = [run.character for run in byte_runs(tokens) if run.character]
    sentence = f"{_many(words, 'word')} → {_many(inside, 'piece')}"
    marks = [piece for piece, apart in zip(tokens.pieces, tokens.special, strict=True) if apart]
    ends = " and ".join(["begins"] * tokens.special[0] + ["ends"] * tokens.special[-1]) or "is marked"
    sentence += f", and {html.escape(', '.join(marks))} for where the sentence {ends}. A mark counts as a word." if marks else "."
    if missing:
        which = ", ".join(f"“{html.escape(character_label(character))}”" for character in dict.fromkeys(missing[:NAMED]))
        sentence += f" Coloured: bytes, because the vocabulary lacks {which}{' and more' if len(missing) > NAMED else ''}."
    return _heading("Pieces and their ids", sentence)


# Three ways to cut ----------------------------------------------------------------------------------------------------


def _cuts(scene: Scene, tokens: Tokens, side: str, language: str) -> str:
    """Three rows: words, pieces, characters of the same sentence, each with what it costs."""
    tokenizer = scene.translator.tokenizer
    cut = three_cuts(tokenizer, tokens)
    size = f"{tokenizer.vocabulary_size:,}"
    unknown = [word for word, is_known in zip(cut.words, cut.known, strict=True) if not is_known]
    pieces, characters = len(cut.pieces), len(cut.characters)
    labels = [piece for piece, apart in zip(tokens.shown, tokens.special, strict=True) if not apart]
    name = scene.trace.anatomy.stack(side).title.lower()
    rows = [
        ("words", "Whole words", len(cut.words), _chips(cut.words, cut.known), _unknown(unknown, len(cut.words), size)),
        ("pieces", "Pieces (this model)", pieces, _chips(labels),
         f"Nothing is unknown. Each head of the {name} compares {pieces} × {pieces} = {pieces**2:,} pairs."),
        ("characters", "Characters", characters, _chips(cut.characters),
         f"Nothing is unknown, but {cut.longer:.1f} times as many tokens: {characters} × {characters} = {characters**2:,} pairs "
         f"for each head, {cut.more_attention:.1f} times as many."),
    ]  # fmt: skip
    body = "".join(
        f'<div class="cut" data-testid="tokens-cut-{key}"><p><b>{title}</b> <span>{_many(count, "token")}</span></p>'
        f'<div class="cut-chips" dir="auto" tabindex="0" translate="no" lang="{language}">{chips}</div><p class="cost">{cost}</p></div>'
        for key, title, count, chips, cost in rows
    )
    return _heading("The same sentence cut in three ways", "Special tokens are left out of all three counts.") + body


def _chips(texts: list[str], marks: list[bool] | None = None) -> str:
    marks = marks or [True] * len(texts)
    labels = ("".join(map(character_label, text)) if len(text) == 1 else token_label(text) for text in texts)
    return "".join(
        f"<span{'' if mark else ' class=unknown'}>{html.escape(text)}</span>" for text, mark in zip(labels, marks, strict=True)
    )


def _unknown(unknown: list[str], count: int, size: str) -> str:
    """Which words could not be written with one id each."""
    if not unknown:
        return f"Every one of these words is one piece of our {size}, so here words would do; the next sentence may have another."
    names = [f"“{html.escape(run_label(word))}”" for word in dict.fromkeys(unknown)]
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    are = "is not one piece" if len(names) == 1 else "are not one piece each"
    return (
        f"{len(unknown)} of {count} {are} of our {size}: {', '.join(names[:NAMED])}{rest}. Whole words with this vocabulary "
        "would read &lt;unk&gt; there, and what was written would be lost."
    )


# Merges ---------------------------------------------------------------------------------------------------------------


def _merges(scene: Scene, tokens: Tokens, runs: list[range]) -> None:
    """Choose what stands between two spaces; its merges follow as a tree."""
    tree_note = "Byte-pair encoding starts from characters and joins, again and again, the two neighbours whose pair training "
    tree_note += "found first (the lowest rank). It works between spaces, so a full stop belongs to the word before it."
    st.html(_heading("How the pieces of one word are built", tree_note))
    run = _choose(scene, tokens, runs)
    tree = scene.value(replay_merges, scene.translator.tokenizer, spelled(tokens, run))
    pieces = [tokens.pieces[index] for index in run]
    same = tree.pieces == pieces
    counts = [_many(len(tree.characters), "character"), _many(len(tree.merges), "merge"), _many(len(tree.pieces), "piece")]
    st.html(
        f'<p class="merges-said" data-testid="tokens-merges">{" → ".join(counts)}{"" if same else _differs(tokens.shown[run.start : run.stop])}</p>'
    )
    with st.container(key="tokens-tree"):
        ids = [tokens.ids[index] for index in run] if same else None
        chart = scene.picture("merges", partial(merge_tree, tree, scene.colours, ids), scene.settings.side, run.start)
        plot(chart, "tokens-tree-chart", width="content")
    if len(tree.characters) > READABLE:
        caption_line("So many characters that the merges carry no labels: point at a dot to read it, drag to zoom.")


def _differs(pieces: list[str]) -> str:
    """What the model wrote where it did not write what the tokenizer would."""
    wrote = " ".join(html.escape(token_label(piece)) for piece in pieces)
    return f". The model wrote this word with other pieces, one after the other: <b>{wrote}</b>. The tree shows how the tokenizer cuts it."


def _choose(scene: Scene, tokens: Tokens, runs: list[range]) -> range:
    """The run that is looked at; a click goes into the settings. Before any choice, the one with most merges to see."""
    starts = {run.start: run for run in runs}
    token = scene.settings.token
    current = next((run for run in runs if token is not None and token in run), None) or _telling(tokens, runs)

    labels = {start: _shortened(run_label(spelled(tokens, run))) for start, run in starts.items()}
    if len(runs) > MOST_PILLS:
        labels = {start: f"{number}: {label}" for number, (start, label) in enumerate(labels.items(), start=1)}
    pick_one(
        "Word",
        labels,
        current.start,
        RUN_KEY,
        lambda start: {"token": start},
        most=MOST_PILLS,
        list_width="stretch",
        shows_label=False,
    )
    return current


def _telling(tokens: Tokens, runs: list[range]) -> range:
    """The first of the runs with most merges whose tree still carries labels."""
    lengths = [len(spelled(tokens, run)) for run in runs]
    return max(zip(runs, lengths, strict=True), key=lambda pair: (pair[1] <= READABLE, pair[1] - len(pair[0])))[0]


def _shortened(text: str) -> str:
    return cut(text, LONGEST_RUN)


# Numbering ------------------------------------------------------------------------------------------------------------


def _numbering(scene: Scene, tokens: Tokens, language: str) -> str:
    """What these ids spell under another numbering, and the hash that keeps it from happening."""
    tokenizer = scene.translator.tokenizer
    rows = _two_readings(tokens, renumbered(tokenizer, tokens), language)
    does = "translating" if translates(scene.trace.anatomy) else "reading"
    sentence = (
        "The model never sees letters: it sees ids, and looks up one learned vector for each. Another tokenizer numbers its pieces "
        "in another way; even with every piece just one number further on, the ids of this sentence spell something else:"
    )
    bound = (
        f"The weights are bound to their tokenizer by the SHA-256 of its file, <code>{tokenizer.hash[:12]}…</code>: with any "
        f"other file, <code>load_pretrained</code> stops with <code>TokenizerMismatchError</code> instead of {does} nonsense."
    )
    return _heading("Why model and tokenizer belong together", sentence) + "".join(rows) + f'<p class="cost">{bound}</p>'


def _two_readings(tokens: Tokens, other: str, language: str) -> Iterator[str]:
    """The ids with what they spell, and with what they would spell."""
    ids = " ".join(str(id_) for id_, apart in zip(tokens.ids, tokens.special, strict=True) if not apart)
    yield f'<div class="reading ids"><span>ids</span><div tabindex="0" translate="no">{ids}</div></div>'
    for name, title, text in (("own", "with our numbering", tokens.text), ("other", "shifted by one", other)):
        yield f'<div class="reading" data-testid="tokens-{name}"><span>{title}</span><div dir="auto" translate="no" lang="{language}">{html.escape(text)}</div></div>'


def _heading(title: str, sentence: str) -> str:
    return f'<div class="tokens-heading"><h2 class="head-title">{title}</h2><p class="tokens-said">{sentence}</p></div>'


def _many(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def _on_paper(scene: Scene) -> Sheet:
    """The merges of the word with most pieces."""
    tokens = scene.trace.tokens(scene.settings.side)
    runs = space_runs(tokens)
    longest = max(runs, key=len) if runs else range(0)
    return figure_sheet(merge_tree(replay_merges(scene.translator.tokenizer, spelled(tokens, longest)), scene.colours))


VIEW = View(
    "tokens",
    "Tokens",
    "The model reads numbers, not letters: your sentence is cut into pieces of a fixed vocabulary, and each piece has an id. Look "
    "for words that fall into several pieces, and for the merges that built them.",
    draw,
    group="Read",
    part="tokens",
    style=style_beside(__file__),
    paper=_on_paper,
    tokens=(RUN_KEY,),
    languages={RUN_KEY: SIDE},
)
