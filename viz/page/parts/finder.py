"""The head finder: two words of the sentence on screen, the heads that link them here, and how these behave on other texts."""

from __future__ import annotations

import streamlit as st

from model.analysis.finder import Linking, Word, asking_tokens, linking_heads, words_of
from model.corpus.sheets import Sheets
from model.trace.anatomy import Anatomy
from viz.page.params import Limits, Param
from viz.page.parts.captions import caption_line
from viz.page.parts.cards import heading
from viz.page.parts.tags import Html, scroller, table
from viz.page.scene import Scene
from viz.page.store import tied
from viz.page.stored import stored
from viz.theme import number

TITLE = "Find the heads that link two words"
HOW = "Pick a word that asks and a word that answers: every head by the largest weight between their pieces, in this sentence."
MOST = 8  # heads in the table
OF_TEXT = ("role over the text", "its score", "if shuffled")


def _word(name: str, help: str) -> Param:
    """A word as the address has it, encoder.3: its stack, and its number from 1. None: the page suggests one."""

    def read(entry: str, limits: Limits) -> Word:
        stack, number = entry.rsplit(".", 1)
        if stack not in limits.anatomy.stack_names or not 1 <= int(number) <= limits.tokens:
            raise ValueError(entry)
        return stack, int(number) - 1

    return Param(name, None, read, lambda word: f"{word[0]}.{word[1] + 1}", help)


PARAMS = (_word("asker", "the head finder: the word that asks"), _word("answerer", "the head finder: the word that answers"))


def head_finder(scene: Scene) -> None:
    """Two lists of words and the heads that link them, ranked; a number in the address opens one."""
    heading(TITLE)
    caption_line(HOW)
    words, labels = words_of(scene.trace), word_titles(scene)
    if len(words) < 2:
        caption_line("There is only one word here.")
        return
    suggestion = suggested_words(scene, words)
    with st.container(horizontal=True, gap="medium", key="finder-words"):
        asks = _choose_word(scene, "asker", "The word that asks", labels, suggestion[0])
        answers = _choose_word(scene, "answerer", "The word that answers", labels, suggestion[1])
    links = scene.value(linking_heads, scene.trace, asks, answers)
    if not links:
        caption_line(
            "No attention leads from the first word to the second: the source never reads its translation, and no word those yet to be said."
        )
        return
    sheets = stored(scene.trained or scene.translator).sheets
    st.html(finder_table(links[:MOST], scene.trace.anatomy, sheets))
    _open_buttons(links[:MOST], scene.trace.anatomy)


def _choose_word(scene: Scene, name: str, label: str, labels: dict[Word, str], suggestion: Word) -> Word:
    """A list of all words; the one that is chosen, or suggested where the sentence has no such word."""
    choice = scene.settings.value(name)
    word: Word = choice if choice in labels else suggestion

    def take(word: Word) -> dict[str, object]:
        return {name: word}

    st.selectbox(
        label, list(labels), format_func=labels.__getitem__, width=240,
        **tied(key=f"finder-{name}", value=word, take=take, options=True),
    )  # fmt: skip
    return word


def word_titles(scene: Scene) -> dict[Word, str]:
    """Every word with its language, and its number where it stands in the text more than once."""
    words, anatomy = words_of(scene.trace), scene.trace.anatomy
    titles = {}
    for (stack, at), text in words.items():
        again = sum(other == text and where == stack for (where, _), other in words.items()) > 1
        place = anatomy.stack(stack)
        titles[stack, at] = f"{text}{f' ({at + 1})' if again else ''} · {place.language or place.title}"
    return titles


def suggested_words(scene: Scene, words: dict[Word, str]) -> tuple[Word, Word]:
    """The words of the cell that is open, or the last and the first one where it is of no word."""
    kind, (query, key) = scene.trace.anatomy.kind(scene.open_head[0]), scene.open_cell
    asks = (kind.asks, asking_tokens(scene.trace, kind).words[query])
    answers = (kind.answers, scene.trace.columns(kind.name).words[key])
    of_asker, of_answerer = ([word for word in words if word[0] == stack] for stack in (kind.asks, kind.answers))
    return asks if asks in words else of_asker[-1], answers if answers in words else of_answerer[0]


def finder_table(links: list[Linking], anatomy: Anatomy, sheets: Sheets | None) -> Html:
    """HTML table of heads. All text is escaped."""
    rows = [
        (head_name(anatomy, link), number(link.weight), number(link.even), *(_over_text(sheets, link) if sheets else ()))
        for link in links
    ]
    names = ("head", "weight here", "if even", *(OF_TEXT if sheets else ()))
    return scroller("Heads that link the two words", table(names, rows), class_="role-table", data_testid="finder-table")


def head_name(anatomy: Anatomy, link: Linking) -> str:
    """encoder 2.3: counted from 1."""
    return f"{anatomy.short_title(link.kind)} {link.layer + 1}.{link.head + 1}"


def _over_text(sheets: Sheets, link: Linking) -> tuple[str, str, str]:
    role = sheets.measures.main(link.kind, link.layer, link.head)
    if role is None:
        return "none", "–", "–"
    measure = sheets.measures.roles[link.kind][role.name]
    return role.title, number(float(measure.score[link.layer, link.head])), number(float(measure.null[link.layer, link.head]))


def _open_buttons(links: list[Linking], anatomy: Anatomy) -> None:
    """A button for each of these heads, which opens it at that cell."""
    titles = {at: head_name(anatomy, link) for at, link in enumerate(links)}

    def opened(at: int | None) -> dict[str, object]:
        link = links[at or 0]
        return (
            {"kind": link.kind, "layer": link.layer, "head": link.head, "query": link.query, "key": link.key}
            if at is not None
            else {}
        )

    st.pills(
        "Open a head",
        list(titles),
        format_func=titles.__getitem__,
        **tied(key="finder-open", value=None, take=opened, options=True),
    )
