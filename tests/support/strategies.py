"""Hypothesis strategies: any sentence and any Intervention for the tiny translator."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

from model.trace.intervention import POSITION_EDITS, Intervention
from model.trace.patch import EMBEDDING, RESIDUAL, Patch
from support.tiny import ATTENTION_KINDS

costly = settings(max_examples=max(10, settings().max_examples // 4))  # of a property whose examples are many passes each
words = st.lists(
    st.sampled_from("The animal cross street chien neige, é 😀 中 </s> <script> x ' ! 12".split()), min_size=1, max_size=8
)
sentences = st.one_of(words.map(" ".join), st.text(min_size=1, max_size=12).map(lambda text: "a" + text))
places = st.one_of(st.none(), st.integers(0, 12))
links = st.tuples(st.sampled_from(ATTENTION_KINDS), st.sampled_from([None, 0, 1]), places, places).filter(
    lambda link: link[2:] != (None, None)
)
heads = st.tuples(st.sampled_from(ATTENTION_KINDS), st.integers(0, 1), st.integers(0, 3))


def changes_of(**fields: st.SearchStrategy) -> st.SearchStrategy[Intervention]:
    """Any Intervention; fields: strategies of those whose values depend on the model that is changed."""
    return st.builds(
        Intervention,
        causal=st.booleans(),
        source_positions=st.sampled_from(POSITION_EDITS),
        target_positions=st.sampled_from(POSITION_EDITS),
        scaled=st.booleans(),
        **fields,
    )


interventions = changes_of(
    position_scale=st.sampled_from([0.0, 0.5, 1.0, 3.0]),
    window=st.sampled_from([None, 0, 1, 3]),
    cut=st.frozensets(links, max_size=6),
    heads_off=st.frozensets(heads, max_size=4),
    temperature=st.sampled_from([0.25, 1.0, 4.0]),
)

parts = st.sampled_from(
    [
        ("encoder", "encoder"),
        ("encoder", "feed_forward"),
        ("decoder", "decoder"),
        ("decoder", "cross"),
        ("decoder", "feed_forward"),
    ]
)
sites = st.one_of(
    st.builds(lambda part, layer, head, at: (*part, layer, head if part[1] in ATTENTION_KINDS else None, at), parts,
              st.integers(0, 1), st.sampled_from([None, 0, 3]), places),
    st.tuples(st.sampled_from(["encoder", "decoder"]), st.just(EMBEDDING), st.none(), st.none(), places),
    st.tuples(st.sampled_from(["encoder", "decoder"]), st.just(RESIDUAL), st.integers(0, 1), st.none(), places),
)  # fmt: skip


def patches(most: int = 5) -> st.SearchStrategy[Patch]:
    """Any patch of the tiny translator, with one site or more."""
    return st.builds(Patch, sentences, st.frozensets(sites, min_size=1, max_size=most), st.one_of(st.just(""), sentences))
