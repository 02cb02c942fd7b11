"""What is outside of what a model learned, and what is not; sentences of a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tiny import SENTENCES, tiny_model

from model.instrument.pretrained import CheckpointError, load_pretrained, save_pretrained
from model.measuring import depth
from model.measuring.depth import Depth, load_depth, outside, save_depth, sentences, words_of_text

USED_TO = Depth(40, -1.0, frozenset(word for text in SENTENCES[::2] for word in words_of_text(text)))


@pytest.mark.parametrize(
    "text, sure, words",
    [
        (SENTENCES[0], -0.5, ""),
        (SENTENCES[0], -1.5, "unsure of its own translation"),
        (" ".join(SENTENCES[::2]), -0.5, "longer than what the model learned from"),
        ("Der Hund liegt auf dem Sofa", -0.5, "6 of these 6 words are not in the English"),
        ("Priya Raghavan", -0.5, ""),
        ("你好 世界", -0.5, "byte by byte"),
    ],
)
def test_what_is_outside_is_said_in_words(tokenizer, text, sure, words):
    """Its language, its length, its characters, the model's own doubt; nothing of names and of what it knows."""
    said = outside(USED_TO, tokenizer.source(text), sure)
    assert words in said and bool(said) == bool(words)


@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=5), st.sampled_from([" ", "\n", "  \n ", "\r\n"]))
def test_a_text_is_cut_into_its_sentences(parts, between):
    """At the end of each, and nowhere else; abbreviations and numbers stay whole."""
    assert sentences(between.join(parts)) == parts


def test_only_ends_of_sentences_cut():
    """A point inside a number or before a small letter ends nothing; quotes go with their sentence."""
    assert sentences("It costs 3.50 euros, e.g. here.") == ["It costs 3.50 euros, e.g. here."]
    assert sentences("“Come!” She left. Why?") == ["“Come!”", "She left.", "Why?"] and sentences("  ") == []


def test_it_is_measured_on_the_text_and_comes_back_as_stored(tokenizer, data, tmp_path):
    """The longest of joined inputs, the words of the source side, a doubt below zero; of other weights there is none."""
    model = tiny_model(tokenizer)
    folder = tmp_path / "tiny"
    save_pretrained(folder, model.config, dict(model.named_parameters()), tokenizer, {})
    depth.main(["--data", str(data), "--model", str(folder), "--device", "cpu"])
    translator = load_pretrained(folder, "cpu")
    found = load_depth(folder, translator.about["weights_sha256"])
    assert found == depth.measure(translator, data)
    assert found.longest > len(tokenizer.source(SENTENCES[0])) and "animal" in found.words and found.doubt < 0
    assert load_depth(folder, "other") is None


@pytest.mark.parametrize("content", ['{"weights_sha256": "x"}', '{"weights_sha256": "x", "longest": 0, "doubt": -1, "words": []}',
                                     '{"weights_sha256": "x", "longest": 9, "doubt": 1, "words": []}',
                                     '{"weights_sha256": "x", "longest": 9, "doubt": -1, "words": [1]}'])  # fmt: skip
def test_a_damaged_file_is_named(tmp_path, content):
    """Fields that are missing or cannot be."""
    (tmp_path / "depth.json").write_text(content)
    with pytest.raises(CheckpointError, match=r"depth\.json is damaged"):
        load_depth(tmp_path, "x")


def test_saving_binds_to_the_weights(tmp_path):
    """What is written is what is read."""
    save_depth(tmp_path, USED_TO, "abc")
    assert load_depth(tmp_path, "abc") == USED_TO
