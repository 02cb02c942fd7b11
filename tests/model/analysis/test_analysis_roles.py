"""What heads do: hand-made heads with known scores, loops in Python, and what must stay true."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import costly
from support.tiny import ATTENTION_KINDS, SENTENCES

from model.analysis.role_keys import content_tokens, punctuation, sink_tokens
from model.analysis.roles import (
    ROLE,
    ROLES,
    RoleMeasure,
    head_statistics,
    measure,
    role_chances,
    role_keys,
    role_scores,
    shuffled,
    without_sinks,
)
from model.analysis.words import join_words
from model.instrument.tokenizer import END
from model.trace.trace import AttentionMap, AttentionMaps
from model.transformer.config import Config

PAIRS = [(role.name, kind) for role in ROLES for kind in role.kinds(Config().anatomy())]


@pytest.fixture(scope="module")
def trace(tiny_translator):
    """Words of several pieces, punctuation, and a causal decoder."""
    return tiny_translator.trace(SENTENCES[0], SENTENCES[1])


def with_weights(maps: AttentionMaps, kind: str, weights: torch.Tensor) -> AttentionMaps:
    """The same tokens with one head of one kind, (query, key)."""
    attention = {**maps.attention, kind: AttentionMap(weights[None, None], maps.attention[kind].mask[:1])}
    return AttentionMaps(maps.axes, maps.intervention, maps.anatomy, attention)


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_a_head_that_does_only_that_scores_one_and_has_the_role(trace, name, kind):
    """All attention spread over the role's keys (one of them, for a content word); rows without any look at their first key."""
    wanted = role_keys(trace, kind, name) & trace.attention[kind].mask[0, 0]
    if name == "alignment":
        wanted &= wanted.cumsum(1) == 1
    weights = wanted / wanted.sum(1, keepdim=True).clamp(min=1)
    weights[~wanted.any(1), 0] = 1.0
    maps = with_weights(trace, kind, weights.float())
    assert float(role_scores(maps)[kind][name]) == pytest.approx(1.0)
    assert (kind, 0, 0) in measure(maps).having(name)


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_a_head_that_never_does_that_scores_zero(trace, name, kind):
    """All attention on keys outside the role."""
    allowed = trace.attention[kind].mask[0, 0]
    others = allowed & ~role_keys(trace, kind, name)
    if name == "alignment":
        others = allowed & ~torch.tensor(content_tokens(trace.source))
    weights = others / others.sum(1, keepdim=True).clamp(min=1)
    maps = with_weights(trace, kind, weights.float())
    assert float(role_scores(maps)[kind][name]) == 0
    assert (kind, 0, 0) not in measure(maps).having(name)


def test_scores_equal_loops(trace):
    """Every role, as its formula says it."""
    scores = role_scores(trace)
    source, target, labels = trace.source, trace.target, trace.labels
    for kind in ATTENTION_KINDS:
        weights, allowed = trace.attention[kind].weights, trace.attention[kind].mask[0, 0]
        keys, queries = trace.keys(kind), trace.queries(kind)
        assert set(scores[kind]) == {role.name for role in ROLES if kind in role.kinds(Config().anatomy())}
        for name, score in scores[kind].items():
            rows = []
            for q in range(len(queries)):
                free = [k for k in range(len(keys)) if bool(allowed[q, k])]
                if len(free) < 2:
                    continue
                marks, content = punctuation(keys), content_tokens(keys)
                own = kind != "cross"
                wanted = {
                    "previous": [k for k in free if k == q - 1],
                    "next": [k for k in free if k == q + 1],
                    "self": [k for k in free if k == q],
                    "first": [] if own and q == 0 else [k for k in free if k == 0],
                    "end": [] if own and keys.ids[q] == END else [k for k in free if keys.ids[k] == END],
                    "punctuation": [] if own and marks[q] else [k for k in free if marks[k]],
                    "word": [k for k in free if own and k != q and keys.words[k] == keys.words[q] >= 0],
                    "diagonal": [k for k in free if abs(k - q * len(source) / len(target)) <= 1],
                    "alignment": [k for k in free if not own and content[k] and content_tokens(labels)[q]],
                }[name]
                if wanted:
                    parts = weights[:, :, q, wanted]
                    rows.append(parts.amax(-1) if name == "alignment" else parts.sum(-1))
            torch.testing.assert_close(score, torch.stack(rows).mean(0))


def test_the_exact_null_is_the_mean_over_many_shuffles(trace):
    """role_chances against shuffles, and a shuffled row keeps its weights on keys that it may attend to."""
    generator = torch.Generator().manual_seed(1)
    draws = [role_scores(shuffled(trace, generator)) for _ in range(150)]
    exact = role_chances(trace)
    for kind in ATTENTION_KINDS:
        for name, chance in exact[kind].items():
            mean = torch.stack([draw[kind][name] for draw in draws]).mean(0)
            torch.testing.assert_close(mean, chance, atol=0.03, rtol=0)
    mixed = shuffled(trace, generator)
    for kind, map_ in mixed.attention.items():
        before = trace.attention[kind].weights
        assert torch.equal(map_.weights.sort(-1).values, before.sort(-1).values)
        assert not map_.weights.masked_select(~map_.mask).any()
        assert not torch.equal(map_.weights, before)


def test_the_same_seed_shuffles_the_same(trace):
    """So that roles.json can be made again."""
    first, second = (shuffled(trace, torch.Generator().manual_seed(3)).attention["cross"].weights for _ in range(2))
    assert torch.equal(first, second)


def test_shuffled_attention_has_no_role_over_many_sentences(trace):
    """Scores of shuffled attention against another shuffle of it: never 3 standard errors above, and below every threshold."""
    generator = torch.Generator().manual_seed(0)
    mixed = [role_scores(shuffled(trace, generator)) for _ in range(40)]
    for name, kind in PAIRS:
        scores = torch.stack([found[kind][name] for found in mixed])
        first, second = scores[:20], scores[20:]
        got = RoleMeasure(ROLE[name], first.mean(0), second.mean(0), first.std(0), second.std(0), 20)
        assert not got.has.any()


def test_a_role_needs_threshold_and_margin():
    """Above the threshold but not above shuffled attention, or the reverse, is no role."""
    role, zero = ROLE["previous"], torch.zeros(1, 3)
    score, null = torch.tensor([[0.9, 0.9, role.threshold - 0.01]]), torch.tensor([[0.9, 0.5, 0.0]])
    assert RoleMeasure(role, score, null, zero, zero, 1).has.tolist() == [[False, True, False]]
    wide = torch.full((1, 3), 0.5)  # 3 sqrt(2 * 0.25 / 4) > 0.4
    assert not RoleMeasure(role, score, null, wide, wide, 4).has.any()


def test_the_main_role_is_the_widest_margin(trace):
    """A head that looks at the token itself is called that."""
    maps = with_weights(trace, "encoder", torch.eye(len(trace.source)))
    assert measure(maps).main("encoder", 0, 0).name == "self"
    uniform = torch.full((len(trace.source),) * 2, 1 / len(trace.source))
    assert measure(with_weights(trace, "encoder", uniform)).main("encoder", 0, 0) is None


def test_entropy_and_distance_of_hand_made_heads(trace):
    """Uniform: ln(keys), a share of 1; the previous token: no entropy, a distance of 1."""
    count = len(trace.source)
    uniform = head_statistics(with_weights(trace, "encoder", torch.full((count, count), 1 / count)))["encoder"]
    assert float(uniform["entropy"]) == pytest.approx(torch.tensor(float(count)).log().item(), abs=1e-5)
    assert float(uniform["share"]) == pytest.approx(1.0, abs=1e-5)
    length = len(trace.target)
    before = torch.eye(length).roll(-1, 1)
    before[0] = torch.eye(length)[0]
    found = head_statistics(with_weights(trace, "decoder", before))["decoder"]
    assert (float(found["entropy"]), float(found["distance"])) == (0.0, 1.0)
    assert "distance" not in head_statistics(trace)["cross"]


@pytest.mark.parametrize("renormalise", [False, True])
@pytest.mark.parametrize("words", [False, True])
def test_hidden_and_kept_make_the_whole_row(trace, renormalise, words):
    """Nothing on sinks, the rest as it was or divided by its sum; nothing that is not a number."""
    maps = join_words(trace) if words else trace
    shown, hidden = without_sinks(maps, renormalise)
    for kind, map_ in shown.attention.items():
        sinks, before = torch.tensor(sink_tokens(maps.keys(kind))), maps.attention[kind].weights
        assert bool(sinks.any()) and not map_.weights[..., sinks].any()
        kept = before[..., ~sinks].sum(-1)
        torch.testing.assert_close(hidden[kind] + kept, before.sum(-1))
        expected = before[..., ~sinks] / kept[..., None] if renormalise else before[..., ~sinks]
        torch.testing.assert_close(map_.weights[..., ~sinks], expected.nan_to_num(0.0))
        assert torch.isfinite(map_.weights).all() and torch.equal(map_.mask, maps.attention[kind].mask)


def test_a_row_that_is_all_hidden_stays_zero(trace):
    """The first decoder row sees <s> alone."""
    shown, hidden = without_sinks(trace, renormalise=True)
    assert not shown.attention["decoder"].weights[:, :, 0].any()
    torch.testing.assert_close(hidden["decoder"][:, :, 0], torch.ones_like(hidden["decoder"][:, :, 0]))


@costly
@given(
    text=st.one_of(st.sampled_from(["?!", "😀", "中文", "a", "<script>", "مرحبا", "$5 + 5%"]), st.text(min_size=1, max_size=12))
)
def test_any_text_gives_numbers_between_zero_and_one(tiny_translator, text):
    """One token or many, all punctuation or none."""
    if not tiny_translator.tokenizer.encode(text).ids:
        return
    trace = tiny_translator.trace(text, "Un chat.")
    for measures in (measure(trace), measure(join_words(trace))):
        for kind in ATTENTION_KINDS:
            for got in measures.roles[kind].values():
                for values in (got.score, got.null):
                    assert bool(((values >= 0) & (values <= 1 + 1e-5)).all())
            share = measures.statistics[kind]["share"]
            assert bool(((share >= 0) & (share <= 1 + 1e-5)).all())
    for maps in without_sinks(trace, True)[0].attention.values():
        assert torch.isfinite(maps.weights).all()


def test_tokens_are_special_punctuation_or_content(tokenizer):
    """Symbols, letters and bytes are content; quotes and dots are not."""
    tokens = tokenizer.source("it's $5, 中.")
    marks = [piece for piece, mark in zip(tokens.pieces, punctuation(tokens), strict=True) if mark]
    assert {mark.strip("▁") for mark in marks} == {"'", ",", "."}
    assert sink_tokens(tokens)[-1] and not content_tokens(tokens)[-1]
    assert not any(sink and word for sink, word in zip(sink_tokens(tokens), content_tokens(tokens), strict=True))


def test_the_mask_counts(trace):
    """With the look-ahead mask off the decoder's first row has a choice and counts."""
    open_mask = torch.ones_like(trace.attention["decoder"].mask)
    free = replace(trace, attention={**trace.attention, "decoder": replace(trace.attention["decoder"], mask=open_mask)})
    assert not torch.equal(role_scores(free)["decoder"]["self"], role_scores(trace)["decoder"]["self"])
