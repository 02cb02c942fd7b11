"""HTML made of text: escaped once, and only what is text."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from viz.page.parts.tags import Html, escaped, joined, table, tag


class Read(HTMLParser):
    """What a browser reads: elements, attributes, text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements, self.text = [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))

    def handle_data(self, data):
        self.text += data


LINES = st.text(st.characters(exclude_categories=["Cc", "Cs"]))  # a browser reads line ends and NUL in its own way


@given(text=LINES, title=LINES)
def test_a_browser_reads_what_was_written(text, title):
    """Text and attribute come back as they were; nothing in them becomes an element."""
    read = Read(tag("p", tag("b", text), class_="quiet", data_testid="x", title=title))
    assert read.elements == [("p", {"class": "quiet", "data-testid": "x", "title": title}), ("b", {})] and read.text == text


def test_html_is_not_escaped_again():
    """A tag inside a tag stays one; text beside it is escaped."""
    assert tag("p", tag("b", "1 < 2"), " & 3") == "<p><b>1 &lt; 2</b> &amp; 3</p>"
    assert escaped(Html("<i>")) == "<i>" and escaped("<i>") == "&lt;i&gt;" and joined(("<", Html("<br>"))) == "&lt;<br>"
    assert tag("td", "x", lang=None) == "<td>x</td>"


@given(rows=st.lists(st.tuples(LINES, LINES), max_size=3))
def test_a_table_has_a_cell_for_every_text(rows):
    """Cells that are elements stay as they are, also where text looks like one."""
    read = Read(table(("<td>", "b"), [(one, tag("td", two, class_="token")) for one, two in rows]))
    assert [name for name, _ in read.elements] == ["table", "tr", "th", "th", *["tr", "td", "td"] * len(rows)]
    assert read.text == "<td>b" + "".join(one + two for one, two in rows)
