"""Alignment: the error rate of Och and Ney, words of pieces, and the links that people set."""

from __future__ import annotations

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.analysis.alignment import (
    Pair,
    alignment_errors,
    error_rate,
    head_errors,
    layer_errors,
    read_pairs,
    strongest_links,
    word_of_token,
    word_weights,
)
from model.instrument.pretrained import save_pretrained
from model.instrument.project import ROOT
from model.measuring import alignment
from model.trace.words import word_spans

PAIRS = ROOT / "tests" / "data" / "alignments.tsv"
links = st.frozensets(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=8)


@given(sure=links, more=links, found=links)
def test_the_error_rate_is_that_of_the_paper(sure, more, found):
    """Between 0 and 1; 0 for what holds all sure links and only possible ones; 1 for what has nothing in common."""
    possible = sure | more
    hits, total = error_rate(sure, possible, found)
    if total:
        assert 0 <= 1 - hits / total <= 1
        assert (hits == total) == (sure <= found <= possible)
        assert (hits == 0) == (not found & possible)


@pytest.mark.parametrize("text", ["L'animal n'a pas traversé la rue.", "  Deux   chiens 😀 !", "l’eau", "Lis-le 3 fois."])
def test_every_piece_belongs_to_the_word_that_it_is_in(translator, text):
    """By characters, a lone space mark to the word that follows; the end mark to none."""
    tokens, words = translator.target(text), word_spans(text)
    for word, span in zip(word_of_token(tokens), tokens.spans, strict=True):
        inside = [index for index, (start, end) in enumerate(words) if span and start <= span[0] < end]
        assert word == (inside[0] if inside else -1)


def test_weights_of_words_are_a_loop_over_pieces(translator):
    """Mean over the rows that produce a word, sum over the pieces of a source word."""
    trace = translator.trace("The animal didn't cross.", "L'animal n'a pas traversé.")
    rows, columns = word_of_token(trace.labels), word_of_token(trace.source)
    found, weights = word_weights(trace), trace.attention["cross"].weights
    for target in range(max(rows) + 1):
        for source in range(max(columns) + 1):
            down = [at for at, word in enumerate(rows) if word == target]
            across = [at for at, word in enumerate(columns) if word == source]
            expected = sum(weights[:, :, row, column] for row in down for column in across) / len(down)
            torch.testing.assert_close(found[:, :, target, source], expected)


def test_the_pairs_that_people_linked_are_whole(tmp_path):
    """Forty of them, every link inside its sentences, sure links among the possible ones; another link is named with its line."""
    pairs = read_pairs(PAIRS)
    assert len(pairs) == 40 and all(pair.sure and pair.sure <= pair.possible for pair in pairs)
    (tmp_path / "bad.tsv").write_text("# a comment\nTwo dogs.\tDeux chiens.\t0-0 1-7\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 2"):
        read_pairs(tmp_path / "bad.tsv")


def test_some_head_aligns_and_most_do_not(translator):
    """On ten pairs: the best head is far better than the mean, and where its own links are the truth, it is without error."""
    pairs = read_pairs(PAIRS)[20:30]
    traces = [translator.trace(pair.source, pair.target) for pair in pairs]
    errors = head_errors(traces, pairs)
    assert float(errors.min()) < 0.35 < float(errors.mean()) < 0.8
    layer, head = divmod(int(errors.argmin()), errors.size(1))
    own = [strongest_links(word_weights(trace)[layer, head]) for trace in traces]
    itself = [Pair(pair.source, pair.target, links, links) for pair, links in zip(pairs, own, strict=True)]
    assert head_errors(traces, itself)[layer, head] == 0


def test_errors_of_heads_and_layers_are_a_loop(tiny_translator):
    """Word by word and link by link, summed over pairs before dividing; the rule of decoder rows: row t produces labels[t]."""
    pairs = read_pairs(PAIRS)[3:6]
    traces = [tiny_translator.trace(pair.source, pair.target) for pair in pairs]
    layers, heads = traces[0].attention["cross"].weights.shape[:2]

    def error(weights_of) -> float:
        hits = total = 0
        for trace, pair in zip(traces, pairs, strict=True):
            rows, columns = word_of_token(trace.labels), word_of_token(trace.source)
            weights, found = weights_of(trace), set()
            for target in set(rows) - {-1}:
                given = {source: 0.0 for source in sorted(set(columns) - {-1})}
                for row, word in enumerate(rows):
                    for column, source in enumerate(columns):
                        given[source] = given.get(source, 0.0) + (float(weights[row, column]) if word == target else 0.0)
                given.pop(-1, None)
                found.add((max(given, key=given.get), target))
            hits += len(found & pair.sure) + len(found & pair.possible)
            total += len(found) + len(pair.sure)
        return 1 - hits / total

    by_head, by_layer = head_errors(traces, pairs), layer_errors(traces, pairs)
    for layer in range(layers):
        for head in range(heads):
            expected = error(lambda trace, layer=layer, head=head: trace.attention["cross"].weights[layer, head])
            assert float(by_head[layer, head]) == pytest.approx(expected, abs=1e-6)
        expected = error(lambda trace, layer=layer: trace.attention["cross"].weights[layer].mean(0))
        assert float(by_layer[layer]) == pytest.approx(expected, abs=1e-6)


def test_perfect_and_disjoint_alignments_are_the_ends_of_the_scale():
    """0 where every strongest word is the sure one, 1 where none is even possible; a word without weight is not linked."""
    diagonal = torch.eye(3)
    sure = frozenset((at, at) for at in range(3))
    right, wrong = Pair("a b c", "x y z", sure, sure), Pair("a b c", "x y z", frozenset({(0, 1)}), frozenset({(0, 1), (2, 1)}))
    assert alignment_errors([diagonal], [right]) == 0 and alignment_errors([diagonal], [wrong]) == 1
    both = alignment_errors([torch.stack([diagonal, diagonal.roll(1, 1)])] * 2, [right, right])
    assert both.tolist() == [0.0, 1.0]
    assert strongest_links(torch.tensor([[0.0, 0.0], [0.1, 0.3]])) == {(1, 1)}


def test_the_command_prints_stores_and_writes(tmp_path, translator, capsys):
    """The table in the card; the best head comes back for these weights and for no others."""
    folder = tmp_path / "checkpoint"
    save_pretrained(folder, translator.model.config, dict(translator.model.named_parameters()), translator.tokenizer, {})
    (folder / "README.md").write_text("<!-- alignment -->\n<!-- /alignment -->\n")
    few = tmp_path / "few.tsv"
    few.write_text("\n".join(PAIRS.read_text(encoding="utf-8").splitlines()[:12]) + "\n", encoding="utf-8")
    alignment.main(["--model", str(folder), "--pairs", str(few), "--device", "cpu", "--write-card"])
    assert capsys.readouterr().out.strip() in (folder / "README.md").read_text()
    weights = json.loads((folder / "config.json").read_text())["weights_sha256"]
    layer, head, error = alignment.load_alignment(folder, weights)
    assert (
        error == alignment.best(json.loads((folder / "alignment.json").read_text())["errors"])
        and 0 <= layer < 6
        and 0 <= head < 8
    )
    assert alignment.load_alignment(folder, "others") is None and alignment.load_alignment(tmp_path, weights) is None
