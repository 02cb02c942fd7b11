"""Sentences about masks, positions and heads that are off follow the Intervention; no other file writes them by hand."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest
import torch
from support.handmade import READER, STREAMED, WRITER, trace_of
from support.tiny import SENTENCES, tiny_model

from model.analysis.attention import given_positions
from model.analysis.roles import measure
from model.instrument.pretrained import Translator
from model.instrument.project import ROOT
from model.instrument.recorder import shuffled_order
from model.trace.intervention import Intervention
from model.transformer.config import Config
from viz import reading
from viz.canvas import pack_decoding
from viz.canvas.shared.packing import fine_weights, split
from viz.charts import heads_of_token, role_map

OFF = Intervention(heads_off=frozenset({("cross", 1, 2)}))
ALL_OFF = Intervention(heads_off=frozenset(("cross", layer, head) for layer in range(3) for head in range(4)))
ALLOWED = {  # files whose words name the switch itself, a state that is taken from the masks, or how a model was trained
    "shell.py": 1, "drawer.py": 1, "matrices.py": 1, "laboratory.py": 1, "shared.py": 1, "unmasked.py": 2, "glossary.py": 2,
}  # fmt: skip


def traced(translator, change: Intervention):
    """One pair under a change."""
    trace = translator.trace(SENTENCES[4], SENTENCES[5], change)
    return replace(trace, anatomy=translator.model.config.anatomy("English", "French"))


def test_a_row_has_read_what_its_mask_lets_it():
    """The look-ahead mask, a window, cut links, and all of them."""
    assert reading.row_reads(Intervention()) == "Row t has read everything up to its left piece and must predict its right one."
    open_ = reading.row_reads(Intervention(causal=False))
    assert "everything up to" not in open_ and "look-ahead mask is off" in open_ and "what follows" in open_
    assert "at most 2 tokens in each layer" in reading.row_reads(Intervention(window=2))
    both = reading.row_reads(Intervention(causal=False, window=1, cut=frozenset({("decoder", None, 1, 0)})))
    assert "1 token back and ahead" in both and both.endswith("without the links that are cut.")
    assert "cut" not in reading.row_reads(Intervention(cut=frozenset({("cross", None, 1, 0)})))


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("window", [None, 1])
@pytest.mark.parametrize("cut", [frozenset(), frozenset({("decoder", None, None, 0)}), frozenset({("encoder", None, None, 0)})])
def test_the_stage_of_the_mask_says_why(tiny_translator, causal, window, cut):
    """Row by row: the look-ahead mask is named where it masks, a change where a change does, and only there."""
    trace = traced(tiny_translator, Intervention(causal=causal, window=window, cut=cut))
    mask = trace.attention["decoder"].mask[1, 0]
    for query in range(len(trace.target)):
        said = reading.mask_words(trace, "decoder", 1, query)
        keys = torch.arange(len(trace.target))
        changed = bool((~mask[query] & ((keys <= query) | (not causal))).any())
        ahead = causal and query < len(trace.target) - 1
        assert (reading.UNSEEN in said) == (causal and (ahead or not changed))
        assert ("a change masks" in said.lower()) == changed
        assert ("look-ahead mask is off" in said) == (not causal)
        if count := int((~mask[query]).sum()):
            assert f"{count} of {len(keys)} keys" in said


def test_captions_say_who_reads_whom(tiny_translator):
    """With the mask, without, within a window, with cut links."""

    def said(**change):
        return reading.captions(traced(tiny_translator, Intervention(**change)))

    assert said()["decoder"] == "French reads the French so far (masked)"
    assert said(causal=False)["decoder"] == "French reads all the French (look-ahead mask off)"
    narrow = said(causal=False, window=2)
    assert (
        "all the French" not in narrow["decoder"]
        and "±2" in narrow["decoder"]
        and "±2" in narrow["encoder"]
        and "±2" not in narrow["cross"]
    )
    assert "cut links" in said(cut=frozenset({("cross", 0, 1, None)}))["cross"]
    so_far = "The text reads the text so far (masked)"
    guess = "The guess of each token reads the text so far (masked)"
    for anatomy, words in ((READER, ["The text reads itself"]), (WRITER, [so_far]), (STREAMED, [so_far, guess])):
        unnamed = replace(anatomy, stacks=tuple(replace(stack, language="") for stack in anatomy.stacks))
        assert list(reading.captions(trace_of(unnamed)).values()) == words


def test_a_mask_of_the_model_itself_is_no_change():
    """A window that it was built with, or an order of its own; beside a change that masks other links, too."""
    own = torch.ones(6, 6, dtype=torch.bool).tril(-1)
    for change, words in (
        (Intervention(), "and the model itself masks others"),
        (
            Intervention(cut=frozenset({("query", None, 3, 1)})),
            "and a change masks further links, and the model itself masks others",
        ),
    ):
        trace = trace_of(STREAMED, change=change)
        mask = own.clone()
        mask[3, 1] &= not change.cut
        maps = replace(trace.attention["query"], mask=mask.expand(2, 1, 6, 6))
        masked = replace(trace, attention={**trace.attention, "query": maps})
        assert f"{reading.AHEAD}, {words}: {3 + len(change.cut)} of 6 keys" in reading.mask_words(masked, "query", 0, 3)
        assert reading.mask_words(masked, "query", 0, 5).startswith("The model itself masks these links: 1 of 6 keys")
    alone = reading.row_reads(Intervention(), STREAMED), reading.row_reads(Intervention(causal=False), STREAMED)
    assert "not the piece itself" in alone[0] and "mask is off" in alone[1] and "may read it" in alone[1]


@pytest.mark.parametrize("edit", ["trained", "none", "shuffled", "reversed"])
@pytest.mark.parametrize("scale", [0.0, 1.0, 3.0])
def test_the_told_position_is_the_one_that_was_added(tiny_translator, edit, scale):
    """Against what the trace recognises in the vectors that were added."""
    trace = traced(tiny_translator, Intervention(source_positions=edit, position_scale=scale))
    length, found = len(trace.source), given_positions(trace, "encoder")
    told = [reading.told_position(trace.intervention, trace.anatomy, "encoder", length, at) for at in range(length)]
    assert told == (found or [None] * length)
    words, formula = reading.token_vector(trace, "encoder", 1)
    assert (f"“position {(told[1] or 0) + 1}”" in words) == ("position" in formula) == (told[1] is not None)
    assert ("no more" in reading.first_layer(trace, "encoder")) == (told[1] is None)
    assert ("times as strong" in words) == (told[1] is not None and scale != 1)


def test_a_model_without_positions_loses_none(tokenizer):
    """Nothing is "taken away" from it, and edits are said to have no effect."""
    bare = Translator(tiny_model(tokenizer, positions="none"), tokenizer, "bare")
    change = Intervention(source_positions="none", position_scale=3.0)
    trace = traced(bare, change)
    assert "trained without" in reading.first_layer(trace, "encoder") and "taken away" not in reading.first_layer(
        trace, "decoder"
    )
    assert "no effect" in reading.position_change(change, trace.anatomy, "encoder") and "no effect" in reading.scale_change(
        change, trace.anatomy
    )
    assert "nothing is added" in reading.positions_view(trace.anatomy) and "fast waves" not in reading.positions_view(
        Config(positions="learned").anatomy()
    )


def test_shuffling_may_leave_a_token_its_place():
    """So no sentence says that every token is told another one's."""
    assert any(bool((shuffled_order(length) == torch.arange(length)).any()) for length in range(3, 30))
    assert "each other’s places" in reading.position_change(Intervention(source_positions="shuffled"), None, "encoder")


def test_what_is_left_of_the_order_and_of_a_row():
    """Windows leave an order; hidden sinks and masks change what a row adds up to."""
    assert "only rounding" in reading.order_counts(Intervention()) and "only rounding" not in reading.order_counts(
        Intervention(window=2)
    )
    assert reading.rows_sum(Intervention(), "keep") == "its weights over the columns sum to 1"
    assert "or to 0" in reading.rows_sum(Intervention(window=0), "keep") and "hidden" in reading.rows_sum(Intervention(), "hide")
    assert "within ±2" in reading.mask_off(Intervention(causal=False, window=2)) and "every French" in reading.mask_off(
        Intervention(causal=False)
    )


def test_a_head_that_is_off_says_so_everywhere(tiny_translator):
    """Its title, the player, the map of roles, the bars of its layer; its weights are what it looks at, not what it hands on."""
    trace, silent = traced(tiny_translator, OFF), traced(tiny_translator, ALL_OFF)
    assert reading.off_mark(trace, "cross", 1, 2) and not reading.off_mark(trace, "cross", 1, 1)
    assert (
        "1 of 12 heads of cross-attention is off" in reading.cross_off(trace)
        and "All 12" in reading.cross_off(silent)
        and not reading.cross_off(traced(tiny_translator, Intervention()))
    )
    header, codes = split(pack_decoding(silent, tiny_translator.tokenizer.piece, 1, 2))
    pieces = 2 * len(silent.labels) * len(silent.source)
    weights = fine_weights(codes)[:pieces].reshape(2, len(silent.labels), len(silent.source))
    assert "not handed on" in header["looks"][0] and "All 12" in header["looks"][1]
    assert weights[0].sum() > 0 and not weights[1].any()
    measures = measure(trace)
    assert ("cross", 1, 2) not in set().union(*(measures.having(role) for role in measures.roles["cross"])) and measures.main(
        "cross", 1, 2
    ) is None
    cells = [text for part in role_map(measures).data if part.name == "cross" for text in part.text.flatten()]
    assert sum("off" in text for text in cells) == 1
    bars = heads_of_token(trace, torch.ones(4), torch.ones(4), "cross", 1, 0).data[0]
    assert [text == "off" for text in bars.text] == [False, False, True, False]


def test_the_player_asks_for_what_the_row_has_read(tiny_translator):
    """Without the mask a row has not only read what stands before it."""
    for change in (Intervention(), Intervention(causal=False), Intervention(target_positions="shuffled")):
        header, _ = split(pack_decoding(traced(tiny_translator, change), tiny_translator.tokenizer.piece, 0, 0))
        assert (header["asks"]["before"] == "having read") == change.keeps_earlier_steps


@pytest.mark.parametrize("path", sorted((ROOT / "viz").glob("**/*.py")), ids=lambda path: path.name)
def test_no_other_file_writes_what_a_mask_does(path):
    """Text about the look-ahead mask, or about what a row has read, stands in reading.py alone."""
    if path.name == "reading.py":
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
                  and node.body and isinstance(node.body[0], ast.Expr)}  # fmt: skip
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented
    ]
    mask = ("look-ahead mask", "yet to say", "everything up to", "the french so far", "where it stands", "position {")
    found = [text for text in texts if any(words in text.lower() for words in mask)]
    name = f"{path.parent.name}.py" if path.name == "__init__.py" else path.name  # a component of its own folder
    assert len(found) <= ALLOWED.get(name, 0), found


def test_the_count_of_rows_is_said_in_words():
    """None, one and several; the reason is that of the change."""
    ahead, moved = Intervention(causal=False), replace(Intervention(), target_positions="shuffled")
    assert "every row" in reading.finished(ahead, 0, 9) and "In 1 of 9 rows the best" in reading.finished(ahead, 1, 9)
    assert "In 9 of 21 rows" in reading.finished(ahead, 9, 21) and "sees the words behind it" in reading.finished(ahead, 9, 21)
    assert "how long the sentence is" in reading.finished(moved, 2, 9)
