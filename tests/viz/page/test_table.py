"""As a table: HTML that a screen reader can walk, made only once it is open."""

from __future__ import annotations

import torch
from streamlit.testing.v1 import AppTest
from support.tiny import SENTENCES

from viz.canvas import Matrix, cell_states
from viz.charts.parts.descriptions import Table
from viz.page.parts.table import MOST_CELLS, as_html
from viz.page.parts.weights import matrix_tables


def test_rows_and_columns_are_named_and_text_stays_text():
    """A caption, a scope on every head, no markup from names."""
    html = as_html(Table("<b>", ("", "one", "<i>"), (("</s>", 0.25, "masked"),)))
    assert "<caption>&lt;b&gt;</caption>" in html and '<th scope="col">&lt;i&gt;</th>' in html
    assert '<th scope="row">&lt;/s&gt;</th><td>0.25</td><td>masked</td>' in html and 'translate="no"' in html


def test_a_long_table_is_cut_and_says_so():
    html = as_html(Table("", ("", "value"), tuple((str(at), 1.0) for at in range(MOST_CELLS))))
    assert html.count('scope="row"') == MOST_CELLS // 2 and f"{MOST_CELLS - MOST_CELLS // 2} more rows are in the file" in html


def test_nothing_is_made_until_it_is_opened():
    """Closed, a picture costs no table."""

    def page() -> None:
        import streamlit as st

        from viz.charts.parts.descriptions import Table
        from viz.page.parts.table import as_table

        def build() -> list[Table]:
            st.session_state["count"] = st.session_state.get("count", 0) + 1
            return [Table("numbers", ("", "value"), (("a", 1.0),))]

        as_table("one", build)

    app = AppTest.from_function(page, default_timeout=60).run()
    assert "count" not in app.session_state and not app.get("download_button")
    app.session_state["one-table"] = True
    app.run()
    assert app.session_state["count"] == 1 and "numbers" in app.get("html")[0].proto.body and app.get("download_button")


def test_the_table_of_a_matrix_has_its_weights_and_why_there_are_none(tiny_translator):
    """Tokens with their places; masked cells in words."""
    trace = tiny_translator.trace(SENTENCES[0], SENTENCES[1])
    weights, states = trace.attention["decoder"].weights[0, 0], cell_states(trace, "decoder", 0)
    [table] = matrix_tables(lambda: [Matrix("", trace, "decoder", weights, states)], "Decoder, layer 1, head 1")
    assert table.caption == "Decoder, layer 1, head 1" and len(table.rows) == len(trace.labels)
    for row, (name, *cells) in enumerate(table.rows):
        assert name.endswith(f"({row + 1})")
        assert all("look-ahead" in cell for cell in cells[row + 1 :])
        assert torch.allclose(torch.tensor(cells[: row + 1]), weights[row, : row + 1], atol=1e-4)
