"""Labels of tokens: bytes as characters, long words cut in one way, and room for the picture beside them."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tiny import ATTENTION_KINDS, SENTENCES

from model.analysis.decoding import beam_tree
from model.analysis.words import join_pieces, join_words
from viz.canvas.decoding import pack_decoding
from viz.canvas.matrices import Matrix, cell_states, pack_matrices
from viz.canvas.shared import packing
from viz.charts import head_heatmap, top_pieces_table
from viz.charts.beam import describe
from viz.charts.parts.words import content, row_ticks, token_ticks
from viz.page import chips
from viz.theme import LIGHT, LONGEST_LABEL, LONGEST_PAIR, cut, cut_pair, piece_name, token_label, token_labels, word_label
from viz.views.one_head import strongest
from viz.views.tokens import cards

WORD = "abcdefghij" * 4
BYTES = "Two 猫 dogs 😀"  # characters that no vocabulary of ours has


def plain(label: str) -> str:
    """A label without its markup."""
    return html.unescape(re.sub("<[^>]*>", "", label))


@pytest.fixture(scope="module")
def bytes_trace(tiny_translator):
    """A pass over characters that the vocabulary lacks, on both sides."""
    return tiny_translator.trace(BYTES, BYTES)


def test_a_byte_is_its_character_and_says_which_of_how_many(tokenizer):
    """In labels the character, in names the byte as well; a character of one byte has no number."""
    tokens = tokenizer.encode("猫 %")
    assert [label for label in tokens.shown if label != "▁"] == ["猫 1/3", "猫 2/3", "猫 3/3", "%"]
    assert [name for name in tokens.named if name != "▁"] == ["猫 1/3 <0xE7>", "猫 2/3 <0x8C>", "猫 3/3 <0xAB>", "% <0x25>"]
    stray = tokenizer.decode([4 + 0xE7, 4 + 0x41])
    assert stray.shown == ["<0xE7>", "A"]


@given(text=st.text(max_size=30))
def test_no_label_is_a_byte_whatever_is_typed(tokenizer, text):
    """Of pieces and of words; one label a token; the same tokens with another name."""
    tokens = tokenizer.source(text)
    for shown in (tokens, join_pieces(tokens)):
        assert len(shown.shown) == len(shown.named) == len(shown.spelled) == len(shown)
        assert not [label for label in shown.shown if re.fullmatch("<0x..>", label)]


def test_no_picture_writes_a_byte_where_it_can_name_the_character(bytes_trace):
    """Ticks, hovers, chips, cards, tables, canvases and players, of pieces and joined words."""
    for maps in (bytes_trace, join_words(bytes_trace)):
        for kind in ATTENTION_KINDS:
            figure = head_heatmap(maps, kind, 0, 0)
            assert "0x" not in "".join([*figure.layout.xaxis.ticktext, *figure.layout.yaxis.ticktext])
            assert "0x" not in re.sub('title="[^"]*"', "", strongest(maps, kind, 0, 0))
        matrix = Matrix("one", maps, "cross", maps.attention["cross"].weights[0, 0], cell_states(maps, "cross", 0, False))
        assert b"0x" not in pack_matrices([matrix]).replace(b" <0x", b" ") and packing.token_lists(maps)["source"]["words"]
    names = packing.token_lists(bytes_trace)["source"]["names"]
    assert "猫 1/3 <0xE7>" in names and "猫 1/3" in packing.token_lists(bytes_trace)["source"]["words"]
    assert "“猫 1/3 &lt;0xE7&gt;”" in head_heatmap(bytes_trace, "cross", 0, 0).layout.xaxis2.ticktext
    row, card = chips.row("source", "English", bytes_trace.source), cards(bytes_trace.source)
    assert "猫 1/3</span>" in row and 'title="猫 1/3 &lt;0xE7&gt;"' in row and "<b>猫 1/3</b>" in card
    assert "&lt;0x" not in re.sub('title="[^"]*"', "", row + card)
    assert "猫" in [word_label(piece) for piece in join_pieces(bytes_trace.source).pieces]


def test_pieces_of_the_vocabulary_are_characters_where_one_byte_is_one(tiny_translator, bytes_trace):
    """Lists of next pieces and the beam: 7 and not <0x37>, with the byte in the hover; half a character stays a byte."""
    piece = tiny_translator.tokenizer.piece
    assert (token_label("<0x37>"), word_label("<0x37>"), piece_name("<0x37>")) == ("7", "7", "7 <0x37>")
    assert (token_label("<0xE7>"), piece_name("▁the"), token_label("<0x0A>")) == ("<0xE7>", "·the", "<0x0A>")
    assert b'"<0x37>"' not in pack_decoding(bytes_trace, piece, 0, 0)
    tree = beam_tree(tiny_translator.model, tiny_translator.source("Two").ids, 2)
    assert not any(
        re.search("&lt;0x[2-6]", describe(tree, piece, index).split("<br>")[0]) for index in range(len(tree.hypotheses))
    )
    table = top_pieces_table(bytes_trace, [piece(id_) for id_ in range(tiny_translator.tokenizer.vocabulary_size)])
    assert not re.search("&lt;0x[2-6]", "".join(text for line in table.data[0].text for text in line))


def test_a_byte_carries_letters_where_its_character_does(tokenizer):
    """Marks are no content, however they are written; a letter of another script is."""
    tokens = tokenizer.encode("猫 “%” dogs")
    told = dict(zip(tokens.shown, content(tokens), strict=True))
    assert told["猫 1/3"] and not told["%"] and not any(value for label, value in told.items() if label.startswith("“"))


@given(read=st.text(max_size=30), made=st.text(max_size=30))
def test_labels_are_never_longer_than_their_room(read, made):
    """What is short stays as it is; what is cut says so at its end."""
    assert len(cut(read)) <= LONGEST_LABEL and (cut(read) == read) == (len(read) <= LONGEST_LABEL)
    first, second = cut_pair(read, made)
    assert len(first) + len(second) <= LONGEST_PAIR
    if len(read) + len(made) <= LONGEST_PAIR:
        assert (first, second) == (read, made)
    assert not made or second


@pytest.fixture(scope="module")
def long_words(tiny_translator):
    """Words of forty letters on both sides, joined."""
    text = f"I saw {WORD} today."
    return join_words(tiny_translator.trace(text, text))


def test_long_words_leave_half_of_the_figure_to_the_matrix(long_words):
    """At 329 px, what a phone of 390 px leaves to a figure, and at any larger width; the hover has the whole word."""
    for kind in ATTENTION_KINDS:
        layout = head_heatmap(long_words, kind, 0, 0).layout
        assert layout.margin.l + layout.margin.r <= 329 / 2
        assert layout.margin.t + layout.margin.b <= layout.height / 2
        assert all(len(plain(label)) <= LONGEST_LABEL for label in layout.xaxis.ticktext)
        assert any(WORD in name for name in layout.xaxis2.ticktext) and any(WORD in name for name in layout.yaxis2.ticktext)
    assert any(plain(label).endswith("…") for label in row_ticks(long_words, "cross", LIGHT))


@pytest.mark.parametrize("text", ["THE BIG BLACK CAT IS SITTING ON THE TABLE.", SENTENCES[0], "a " * 80])
def test_ordinary_sentences_leave_half_of_the_figure_too(tiny_translator, text):
    """Pieces and words, short and long targets."""
    trace = tiny_translator.trace(text, text)
    for maps in (trace, join_words(trace)):
        for kind in ATTENTION_KINDS:
            layout = head_heatmap(maps, kind, 0, 0).layout
            assert layout.margin.l + layout.margin.r <= 329 / 2 and layout.margin.t + layout.margin.b <= layout.height / 2


def test_tables_cut_long_words_and_keep_the_whole_in_the_hover(long_words):
    """The table of strongest cells."""
    table = strongest(long_words, "cross", 0, 0)
    cells = [html.unescape(cell) for cell in re.findall('<td class="token"[^>]*>([^<]*)</td>', table)]
    assert cells and all(len(cell) <= LONGEST_LABEL for cell in cells) and f'title="{WORD}"' in table


def test_ticks_have_one_way_of_being_cut(long_words):
    """Whatever chart they belong to."""
    ticks = [plain(label) for label in token_ticks(long_words.source, LIGHT)]
    assert ticks == [cut(label) for label in token_labels(long_words.source)]
