"""Knock-outs: a batch that shares what stays the same says what one pass after another says."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import costly, heads, interventions, links, sentences
from support.tiny import ATTENTION_KINDS, SENTENCES, fitting, tiny_model

from model.analysis.knockout import KnockOut, every_head, every_layer, every_word, knock_out, label_log_probabilities, occlusion
from model.analysis.words import word_groups
from model.instrument.pretrained import Translator
from model.instrument.recorder import Recorder, recording
from model.instrument.tokenizer import PAD
from model.trace.intervention import Intervention
from model.trace.places import within

CHANGES = {
    "as trained": Intervention(),
    "changed": Intervention(causal=False, window=2, temperature=2.0, target_positions="shuffled"),
    "heads off": Intervention(
        heads_off=frozenset({("encoder", 0, 1), ("cross", 2, 3)}), cut=frozenset({("decoder", None, 3, 1)})
    ),
}
ALL = {
    "heads": lambda trace: every_head(trace.anatomy),
    "layers": lambda trace: every_layer(trace.anatomy),
    "words": lambda trace: every_word(trace.anatomy, trace.source),
}


def one_by_one(translator, trace, changes) -> torch.Tensor:
    """log p of the labels, one full pass after another."""
    fit = [within(change, trace.anatomy, len(trace.source), len(trace.target)) for change in changes]
    return torch.stack([-translator.trace(trace.source.text, trace.labels, change).loss for change in fit])


def close(found, expected) -> None:
    """Equal to rounding."""
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("base", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("which", ALL)
@pytest.mark.parametrize("pair", [0, 2, 4])
def test_a_batch_equals_one_by_one(tiny_translator, which, base, pair):
    """Every head, layer and word of several sentences, as trained and under changes."""
    trace = tiny_translator.trace(SENTENCES[pair], SENTENCES[pair + 1], base)
    knock_outs = list(ALL[which](trace).values())
    changes = [one.switched(base) for one in knock_outs]
    found, expected = label_log_probabilities(trace, tiny_translator.passes, changes), one_by_one(tiny_translator, trace, changes)
    close(found, expected)
    effects, rows = knock_out(trace, tiny_translator.passes, knock_outs), range(1, 4)
    sign = torch.tensor([-1.0 if off else 1.0 for off in effects.off])
    close(effects.change(rows), sign * (expected + trace.loss)[:, 1:4].sum(1))


@costly
@given(text=sentences, target=sentences, base=interventions, more=st.lists(st.tuples(st.frozensets(heads), st.frozensets(links))))
def test_any_knock_outs_of_any_sentence(tiny_translator, text, target, base, more):
    """In any order, of heads and links together, under any change."""
    base = fitting(tiny_translator, text, target, base)
    trace = tiny_translator.trace(text, target, base)
    changes = [KnockOut(*parts).switched(base) for parts in more] + [base]
    close(label_log_probabilities(trace, tiny_translator.passes, changes), one_by_one(tiny_translator, trace, changes))


def test_the_shipped_model_and_a_post_norm_one(translator, tokenizer):
    """Every head of the real checkpoint; the same where LayerNorm comes after."""
    after = Translator(tiny_model(tokenizer, norm_first=False), tokenizer, "post-norm")
    for one in (translator, after):
        trace = one.trace("Two dogs are playing in the snow.")
        changes = [knock_out.switched(Intervention()) for knock_out in every_head(trace.anatomy).values()]
        close(label_log_probabilities(trace, one.passes, changes), one_by_one(one, trace, changes))


@pytest.mark.parametrize("tokens", [1, 40, 10**6])
def test_the_size_of_batches_changes_nothing(tiny_translator, monkeypatch, tokens):
    """One at a time, a few, or all at once."""
    trace = tiny_translator.trace(SENTENCES[0], SENTENCES[1])
    changes = [
        one.switched(Intervention())
        for one in [*every_head(trace.anatomy).values(), *every_word(trace.anatomy, trace.source).values()]
    ]
    expected = label_log_probabilities(trace, tiny_translator.passes, changes)
    monkeypatch.setattr("model.analysis.knockout.CHUNK_TOKENS", tokens)
    monkeypatch.setattr("model.instrument.rerun.LOGIT_ROWS", min(tokens, 7))
    close(label_log_probabilities(trace, tiny_translator.passes, changes), expected)


@pytest.mark.parametrize("base", CHANGES.values(), ids=CHANGES)
def test_hiding_a_word_is_cutting_its_links(tiny_translator, base):
    """The source read with padding in a word's place says what it says without the links to its pieces; occlusion is the loss."""
    trace, model = tiny_translator.trace(SENTENCES[2], SENTENCES[3], base), tiny_translator.model
    words = every_word(trace.anatomy, trace.source)
    assert list(words) == list(range(len(word_groups(trace.source))))
    source = torch.tensor([trace.source.ids] * len(words))
    for at, group in enumerate(word_groups(trace.source)):
        source[at, group.start : group.stop] = PAD
    with torch.no_grad(), recording(Recorder(model.anatomy, base, captures=False)):
        logits = model(source, torch.tensor([trace.target.ids]).expand(len(words), -1))
    hidden = logits.log_softmax(-1)[:, range(len(trace.labels)), trace.labels.ids]
    effects = knock_out(trace, tiny_translator.passes, list(words.values()))
    close(effects.without, hidden)
    assert torch.equal(effects.intact - effects.without, occlusion(trace, tiny_translator.passes))


def test_a_word_that_is_hidden_already_has_nothing_to_lose(tiny_translator):
    """Occlusion takes away, it never gives back."""
    hidden = every_word(tiny_translator.anatomy, tiny_translator.source(SENTENCES[2]))[1].taken_from(Intervention())
    lost = occlusion(tiny_translator.trace(SENTENCES[2], SENTENCES[3], hidden), tiny_translator.passes)
    assert not lost[1].any() and lost[0].any()


@pytest.mark.parametrize("base", CHANGES.values(), ids=CHANGES)
def test_occlusion_equals_one_word_at_a_time(tiny_translator, base, monkeypatch):
    """A batch of all words says what single passes with that word's links cut say, in batches of any size."""
    trace = tiny_translator.trace(SENTENCES[0], SENTENCES[1], base)
    passes, words = tiny_translator.passes, word_groups(trace.source)
    change = trace.intervention
    found = occlusion(trace, passes)
    assert found.shape == (len(words), len(trace.target))
    for at in (0, 2, len(words) - 1):
        cut = frozenset(
            (kind, None, query, key)
            for key in words[at]
            for kind, queries in (("encoder", len(trace.source)), ("cross", len(trace.target)))
            for query in range(queries)
        )
        fields = {**change.to_dict(), "cut": change.cut | cut}
        without = tiny_translator.trace(trace.source.text, trace.labels, Intervention.from_dict(fields))
        torch.testing.assert_close(found[at], without.loss - trace.loss, atol=1e-4, rtol=1e-4)
    monkeypatch.setattr("model.analysis.knockout.CHUNK_TOKENS", 1)
    torch.testing.assert_close(occlusion(trace, passes), found, atol=1e-4, rtol=1e-4)


def test_what_is_off_already_shows_what_it_has_cost(tiny_translator):
    """intact and without mean the same before and after a head is switched off for good."""
    head = KnockOut(heads=frozenset({("cross", 1, 2)}))
    passes, rows = tiny_translator.passes, range(5)
    on = tiny_translator.trace(SENTENCES[0], SENTENCES[1])
    off = tiny_translator.trace(SENTENCES[0], SENTENCES[1], head.switched(Intervention()))
    before, after = knock_out(on, passes, [head]), knock_out(off, passes, [head])
    assert (before.off, after.off) == ([False], [True])
    close(before.change(rows), after.change(rows))
    close(after.without[0], -off.loss)


@given(base=interventions, parts=st.tuples(st.frozensets(heads, min_size=1), st.frozensets(links)))
def test_switching_twice_takes_away_and_gives_back(base, parts):
    """Once: all of it is gone. Twice: none of it is, and everything else is as it was."""
    one = KnockOut(*parts)
    gone = base if one.is_in(base) else one.switched(base)
    back = one.switched(gone)
    assert one.is_in(gone) and not back.heads_off & one.heads and not back.cut & one.links
    assert replace(back, heads_off=base.heads_off, cut=base.cut) == base
    assert one.switched(back) == gone


def test_nothing_is_computed_twice(tiny_translator):
    """Knock-outs in the decoder leave the encoder alone; a head of a late layer does not run the earlier ones."""
    trace, model, ran = tiny_translator.trace(SENTENCES[0], SENTENCES[1]), tiny_translator.model, []
    places = [("encoder", at, layer) for at, layer in enumerate(model.encoder.layers)]
    places += [("decoder", at, layer) for at, layer in enumerate(model.decoder.layers)]
    handles = [
        layer.register_forward_hook(lambda _module, inputs, _output, name=(side, at): ran.append((*name, len(inputs[0]))))
        for side, at, layer in places
    ]
    try:
        changes = [KnockOut(heads=frozenset({(kind, 1, 0)})).switched(Intervention()) for kind in ("cross", "decoder")]
        label_log_probabilities(trace, tiny_translator.passes, [Intervention(), *changes])
    finally:
        for handle in handles:
            handle.remove()
    assert ran == [("decoder", 1, 2), ("decoder", 2, 2)]


def test_every_head_and_layer_is_named_once(tiny_translator):
    """Kind, layer, head in order; a layer is all of its heads."""
    config, anatomy = tiny_translator.model.config, tiny_translator.anatomy
    found, layers = every_head(anatomy), every_layer(anatomy)
    assert len(found) == config.heads * (config.encoder_layers + 2 * config.decoder_layers)
    assert [kind for kind, _ in layers] == sorted((kind for kind, _ in layers), key=ATTENTION_KINDS.index)
    for (kind, layer), one in layers.items():
        assert one.heads == frozenset().union(*(found[kind, layer, head].heads for head in range(config.heads)))


def test_other_changes_are_refused(tiny_translator):
    """In words."""
    trace = tiny_translator.trace("Hi")
    with pytest.raises(ValueError, match="heads that are off and links that are cut"):
        label_log_probabilities(trace, tiny_translator.passes, [Intervention(causal=False)])
