"""The sheet of a head: what it does over a whole text, so that one sentence is not taken for all."""

from __future__ import annotations

import html
from urllib.parse import urlencode

import streamlit as st

from model.analysis.reader import AnyReader
from model.analysis.role_keys import LINK
from model.analysis.roles import ROLE
from model.corpus.examples import WAYS
from model.corpus.sheets import Example, Sheet, Sheets, TokenShare
from model.trace.tokens import Tokens
from viz.charts.parts.words import head_title
from viz.page.caches import cached
from viz.page.parts.captions import caption_line
from viz.page.parts.cards import heading
from viz.page.parts.tags import Html, joined, scroller, table, tag
from viz.page.scene import Scene
from viz.page.shared import PARAMS
from viz.page.stored import stored
from viz.theme import number, token_label

WAY_TITLES = dict(zip(WAYS, ("Most", "Least", "Any"), strict=True))
WAY_WORDS = {
    "most": "texts in which it does this most",
    "least": "texts in which it does this least; marked is where it looks instead",
    "sample": "texts drawn by lot, with its strongest such link: what is usual",
}
HOW = (
    "Thin bar: the share of all its attention. Wide bar: what it would be if every row were spread evenly over the keys that it may see. "
    "What reaches beyond the wide bar is the head's own."
)
LABELS = "labels"
ADDRESS = {param.name: param for param in PARAMS}


def head_sheet(scene: Scene) -> None:
    """What the open head does over the text that was counted; words where none was."""
    place = kind, layer, head = scene.open_head
    sheets = stored(scene.trained or scene.translator).sheets
    title = head_title(scene.trace.anatomy.kind(kind), layer, head)
    if sheets is None:
        heading("The head over a whole text")
        folder = scene.translator.folder
        beside, writes = (" --beside", "the sheets") if folder is not None and folder.is_dir() else ("", "tables")
        command = f"headlight corpus --model FOLDER --text FILE --out FOLDER{beside}"
        caption_line(f"Not counted for these weights; `{command}` reads a text of any length and writes {writes}.")
        return
    sheet = sheets.of(*place)
    heading(f"{title}, over {sheets.texts:,} texts", "sheet-title")
    st.html(tag("p", summary(sheets, sheet), class_="sheet-summary", data_testid="sheet-summary"))
    caption_line(f"Counted: {sheets.about}. {HOW}{_as_trained(scene)}")
    across = not scene.trace.anatomy.kind(kind).is_self
    far = "keys from the diagonal" if across else "keys before (−) or behind (+) the query"
    st.html(_examples(scene.trained or scene.translator, scene.settings.model, *place))
    left, right = st.columns(2, gap="medium")
    with left:
        st.html(bars("Where it looks", far, sheet.offsets))
        st.html(tokens_table("From where it links words most", ("token", "times", "mean link", "all tokens"), sheet.queries))
    with right:
        st.html(bars("At what", "class of the key", sheet.classes))
        st.html(tokens_table("What it looks at", ("token", "times", "share", "even"), sheet.keys))


def _as_trained(scene: Scene) -> str:
    return (
        ""
        if scene.settings.change.changes_nothing
        else " The model read it as trained: your switches change the sentence on screen only."
    )


def summary(sheets: Sheets, sheet: Sheet) -> str:
    """What a head does, in a sentence or two: its role with the null, or that it has none, and where most of its attention goes."""
    kind, layer, head = sheet.head
    role = sheets.measures.main(*sheet.head)
    if role:
        measure = sheets.measures.roles[kind][role.name]
        first = (
            f"Its role is “{role.title}”: score {number(float(measure.score[layer, head]))}, with shuffled weights {number(float(measure.null[layer, head]))}, "
            f"in {measure.sentences:,} texts."
        )
    else:
        first = "It has none of the roles over this text."
        if sheet.queries:
            first += f" Its largest weight on another word is {number(sheet.queries[0].chance)} on average."
    name, share, even = max(sheet.offsets, key=lambda row: row[1] - row[2])
    top = max(sheet.classes, key=lambda row: row[1] - row[2])
    return (
        f"{first} Most above an even spread: distance {name} ({number(share)} of its attention, {number(even)} if even) "
        f"and keys that are “{top[0]}” ({number(top[1])}, {number(top[2])} if even)."
    )


def measure_words(sheet: Sheet) -> str:
    """What its examples are ranked by, in words."""
    role = ROLE.get(sheet.measure)
    if sheet.measure == LINK or role is None:
        return "mean over its words of the largest weight on another word"
    return f"score of “{role.title}”: {role.formula}"


def bars(title: str, what: str, rows: tuple[tuple[str, float, float], ...]) -> Html:
    """HTML table whose numbers are bars, too. All text is escaped."""
    most = max(max(share, even) for _, share, even in rows) or 1.0
    body = [
        tag(
            "tr",
            tag("th", name, scope="row"),
            tag("td", tag("i", class_="bar even", style=f"width:{even / most:.1%}", aria_hidden="true"),
                tag("i", class_="bar", style=f"width:{share / most:.1%}", aria_hidden="true"), class_="bars"),
            tag("td", number(share)), tag("td", number(even)),
        )
        for name, share, even in rows
    ]  # fmt: skip
    head = tag("tr", tag("th", what, scope="col", colspan="2"), *(tag("th", name, scope="col") for name in ("share", "even")))
    return scroller(title, tag("h3", title), tag("table", head, *body, translate="no"), class_="sheet-bars")


def tokens_table(title: str, names: tuple[str, ...], rows: tuple[TokenShare, ...]) -> Html:
    """HTML table of tokens. All text is escaped."""
    body = [(token_label(row.piece), f"{row.times:,}", number(row.score, 3), number(row.chance, 3)) for row in rows]
    inside = table(names, body) if body else tag("p", "No token stands out.")
    return scroller(title, tag("h3", title), inside, class_="role-table sheet-tokens")


# -- examples -----------------------------------------------------------------------------------------------------------


@cached
def _examples(translator: AnyReader, model: str, kind: str, layer: int, head: int) -> str:
    """All examples of a head: a text without target is translated for it, so they are made once."""
    sheets = stored(translator).sheets
    return str(joined(example_list(translator, model, sheets.of(kind, layer, head), way) for way in WAYS))


def example_list(translator: AnyReader, model: str, sheet: Sheet, way: str) -> Html:
    """HTML list of texts with the link that shows the head, each a link to its own picture. All text is escaped."""
    rows = [tag("li", example(translator, model, sheet, each)) for each in sheet.examples[way]]
    note = WAY_WORDS[way] + (f" ({measure_words(sheet)})" if way == "most" else "")
    inside = tag("ol", *rows) if rows else tag("p", "No text is long enough.")
    return tag(
        "div", tag("h3", WAY_TITLES[way], tag("span", f" {note}")), inside, class_="sheet-examples", data_testid=f"sheet-{way}"
    )


def example(translator: AnyReader, model: str, sheet: Sheet, each: Example) -> Html:
    """One text with query and key marked, the weight, and the address of its picture."""
    kind = translator.anatomy.kind(sheet.head[0])
    texts = tokens_of(translator, each)
    asks, answers = texts[kind.asks], texts[kind.answers]
    if kind.is_self:
        marked = [marked_text(asks, {each.query: "query", each.key: "key"})]
    else:
        marked = [marked_text(texts[LABELS], {each.query: "query"}), marked_text(answers, {each.key: "key"})]
    weight = tag("a", number(each.weight), href=address(model, sheet, each), class_="sheet-link",
                 aria_label=f"weight {number(each.weight)}: open this text as a picture")  # fmt: skip
    return joined([weight, *marked], " ")


def tokens_of(translator: AnyReader, each: Example) -> dict[str, Tokens]:
    """What every stack read of an example, by stack; of a translator, what its rows produce, too."""
    first, *rest = translator.anatomy.stack_names
    source = translator.source(each.source)
    if not rest:
        return {first: source}
    labels = translator.written(source) if each.target is None else translator.target(each.target)
    return {first: source, rest[0]: translator.read(labels), LABELS: labels}


def marked_text(tokens: Tokens, marks: dict[int, str]) -> Html:
    """The text of some tokens with marks around a few of them; a special token that is marked stands where it belongs."""
    parts: list[str] = []
    end = 0
    for at, span in enumerate(tokens.spans):
        if span is None:
            if at in marks:  # behind all text in front of it
                following = next((span[0] for span in tokens.spans[at:] if span is not None), len(tokens.text))
                parts += [html.escape(tokens.text[end:following]), tag("mark", tokens.pieces[at], class_=marks[at])]
                end = max(end, following)
            continue
        start, stop = max(span[0], end), max(span[1], end)
        parts.append(html.escape(tokens.text[end:start]))
        inside = tokens.text[start:stop]
        parts.append(tag("mark", inside, class_=marks[at]) if at in marks else html.escape(inside))
        end = stop
    return tag("span", Html("".join(parts) + html.escape(tokens.text[end:])), translate="no", class_="sheet-text")


def address(model: str, sheet: Sheet, each: Example) -> str:
    """The link that opens an example in the head, with its cell."""
    kind, layer, head = sheet.head
    values = {"text": each.source, "target": each.target or "", "model": model, "view": "one-head", "kind": kind, "layer": layer,
              "head": head, "query": each.query, "key": each.key}  # fmt: skip
    return "?" + urlencode({name: ADDRESS[name].write(value) for name, value in values.items() if value != ""})
