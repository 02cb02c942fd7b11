"""What there is to look at is a value: models of one stack, of two, with less than everything, and what says why."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.handmade import HIDDEN, READER, RECURRENT, SHARED, STREAMED, WRITER, made_by, read_tokens, trace_of, written_tokens

from model.analysis import attention, change, embedding, layers, origin, output, role_keys, roles, two_sentences, words
from model.trace.anatomy import FEED_FORWARD, Anatomy, Kind, Stack
from model.trace.intervention import Intervention
from model.trace.places import check_places, within
from model.trace.trace import Trace
from model.transformer.config import Config

MODELS = {"reader": READER, "writer": WRITER, "shared": SHARED, "streamed": STREAMED, "recurrent": RECURRENT}
EVERY = pytest.mark.parametrize("anatomy", MODELS.values(), ids=MODELS)


# An Anatomy -----------------------------------------------------------------------------------------------------------


@given(st.integers(1, 4), st.integers(1, 4), st.sampled_from([1, 2, 4]), st.booleans(), st.booleans())
def test_our_architecture_is_told_by_its_config(encoder, decoder, heads, norm_first, masked):
    """Stacks, kinds and widths; the table of DESIGN."""
    config = Config(200, 16, heads, encoder, decoder, 32, norm_first=norm_first, masked=masked)
    anatomy = config.anatomy("English", "French")
    assert anatomy.stack_names == ("encoder", "decoder") and anatomy.kind_names == ("encoder", "decoder", "cross")
    assert [stack.layers for stack in anatomy.stacks] == [encoder, decoder]
    assert [stack.language for stack in anatomy.stacks] == ["English", "French"]
    assert [stack.predicts for stack in anatomy.stacks] == ["nothing", "next"] and anatomy.predicting == anatomy.stack("decoder")
    assert [(kind.asks, kind.answers) for kind in anatomy.kinds] == [("encoder",) * 2, ("decoder",) * 2, ("decoder", "encoder")]
    assert [kind.layers for kind in anatomy.kinds] == [encoder, decoder, decoder]
    assert [kind.masked for kind in anatomy.kinds] == [False, masked, False]
    assert all((kind.heads, kind.key_heads, kind.d_head) == (heads, heads, 16 // heads) for kind in anatomy.kinds)
    assert anatomy.norm == ("pre" if norm_first else "post") and anatomy.bridge().name == "cross"
    assert hash(anatomy) == hash(config.anatomy("English", "French")) and anatomy == config.anatomy("English", "French")


def test_a_trace_is_as_its_anatomy_says(tiny_translator):
    """Every axis has the length that the anatomy names; the points of the residual stream are the stack's own."""
    trace = tiny_translator.trace("The animal slept.")
    assert trace.anatomy == tiny_translator.anatomy
    for kind in trace.anatomy.kinds:
        got, rows, columns = trace.attention[kind.name], len(trace.rows(kind.name).read), len(trace.columns(kind.name))
        assert got.weights.shape == got.scores.shape == (kind.layers, kind.heads, rows, columns)
        assert got.queries.shape == got.outputs.shape == (kind.layers, kind.heads, rows, kind.d_head)
        assert got.keys.shape == got.values.shape == (kind.layers, kind.key_heads, columns, kind.d_head) and got.bias is None
        for layer in range(kind.layers):
            assert (
                trace.residual[kind.asks]
                .labels[trace.anatomy.point_before(kind.name, layer) + 1]
                .startswith(f"layer {layer + 1} ")
            )
    for stack in trace.anatomy.stacks:
        assert trace.stream(stack.name).labels == stack.points and len(trace.tokens(stack.name)) == trace.embeddings[
            stack.name
        ].size(0)
    assert trace.logits.shape == (len(trace.target), trace.anatomy.vocabulary)


def test_our_tokens_keep_their_names(tiny_translator):
    """source, target, labels; the encoder's rows go by what they read, all others by what they produce."""
    trace = tiny_translator.trace("The animal slept.", "L'animal dormait.")
    assert trace.source == trace.tokens("encoder") == trace.columns("cross") == trace.rows("encoder").labels
    assert trace.target == trace.tokens("decoder") == trace.columns("decoder") == trace.rows("cross").read
    assert trace.labels == trace.rows("decoder").labels == trace.rows("cross").made and trace.rows("encoder").made is None


STACK = Stack("a", "A", "", 1, (FEED_FORWARD,), "nothing")
KIND = Kind("a", "A", "a", "a", 1, 4, 4, 8, masked=False, scores="dot")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stacks": ()}, "none"), ({"stacks": (STACK, STACK)}, "names of their own"), ({"kinds": (KIND, KIND)}, "one name"),
        ({"kinds": (replace(KIND, answers="b"),)}, "'b'"), ({"kinds": (replace(KIND, key_heads=3),)}, "cannot share 3"),
        ({"kinds": (replace(KIND, key_heads=0),)}, "cannot share 0"), ({"obeys": frozenset({"colour"})}, "'colour'"),
        ({"stacks": (replace(STACK, predicts="next"), replace(STACK, name="b", predicts="same"))}, "Only one stack"),
        ({"missing": {"soul": "It has none."}}, "'soul'"),
    ],
)  # fmt: skip
def test_parts_that_do_not_belong_together_are_named(changes, words):
    parts = {"stacks": (STACK,), "kinds": (KIND,), "d_model": 32, "vocabulary": 9, "positions": "none", "norm": "pre"}
    with pytest.raises(ValueError, match=words):
        Anatomy(**(parts | changes))


def test_what_there_is_not_is_named():
    """With what there is."""
    with pytest.raises(ValueError, match="no cross attention: it has encoder"):
        READER.kind("cross")
    with pytest.raises(ValueError, match="no stack 'decoder': it has encoder"):
        READER.stack("decoder")
    with pytest.raises(ValueError, match="from one sequence to another"):
        WRITER.bridge()
    assert RECURRENT.self_kind("encoder") is None and RECURRENT.bridge().name == "cross"


# Other models' tokens -------------------------------------------------------------------------------------------------


def test_a_reader_says_the_tokens_that_it_reads():
    trace = trace_of(READER)
    assert (
        trace.source == trace.target == trace.labels == trace.columns("encoder") == trace.rows("encoder").labels == read_tokens()
    )


def test_a_writer_says_the_next_token():
    trace = trace_of(WRITER)
    assert trace.source == trace.target == trace.columns("decoder") == trace.rows("decoder").read == written_tokens()
    assert (
        trace.labels == trace.rows("decoder").labels == made_by(written_tokens())
        and trace.labels.ids[:-1] == trace.target.ids[1:]
    )


def test_a_model_that_predicts_nothing_has_no_labels():
    silent = replace(READER, stacks=(replace(READER.stacks[0], predicts="nothing"),))
    trace = trace_of(silent)
    assert trace.rows("encoder").made is None and trace.rows("encoder").labels == trace.target == read_tokens()
    for ask in (lambda: trace.labels, lambda: output.label_ids(trace), lambda: trace.part("logits"), lambda: trace.part("loss")):
        with pytest.raises(ValueError, match="shows no (logits|loss)"):
            ask()


def test_tokens_of_other_vocabularies_know_their_text():
    """Surface, what is glued, what is special, words: without a mark of ours."""
    read, written = read_tokens(), written_tokens()
    assert read.surface == ["[CLS]", "the", "dog", "s", "bark", "[SEP]"] == read.characters
    assert read.glued == [True, False, False, True, False, True] and read.special == [True] + [False] * 4 + [True]
    assert read.ending == [False] * 5 + [True] and not any(written.ending) and not any(written.special)
    assert written.surface == ["the", "dog", "s", "bark", "."] and written.glued == [True, False, True, False, True]
    assert (
        [list(group) for group in read.groups]
        == [[0], [1], [2, 3], [4], [5]]
        == [list(group) for group in words.word_groups(read)]
    )
    assert words.join_pieces(read).pieces == ["[CLS]", "the", "dogs", "bark", "[SEP]"]
    assert words.join_pieces(written).pieces == ["the", "Ġdogs", "Ġbark", "."]
    assert role_keys.punctuation(written) == [False] * 4 + [True] and not any(read.bytes)


# Analyses that need weights alone ---------------------------------------------------------------------------------------


@EVERY
@pytest.mark.parametrize("whole", [True, False])
def test_analyses_of_weights_take_any_model(anatomy, whole):
    """Entropy, distance, words joined, roles, sinks, two sentences, a change: the same numbers whatever else there is."""
    trace, other = trace_of(anatomy, whole), trace_of(anatomy, whole, seed=1)
    joined, (kept, hidden) = words.join_words(trace), roles.without_sinks(trace, renormalise=False)
    statistics, scores = roles.head_statistics(trace), roles.role_scores(trace)
    for kind in anatomy.kinds:
        weights = trace.attention_of(kind.name).weights
        assert attention.entropy(weights).shape == weights.shape[:-1]
        torch.testing.assert_close(
            joined.attention[kind.name].weights.sum(-1), torch.ones(*weights.shape[:2], len(joined.rows(kind.name).labels))
        )
        assert len(joined.rows(kind.name).labels) == len(trace.rows(kind.name).labels.groups)
        torch.testing.assert_close(kept.attention[kind.name].weights.sum(-1) + hidden[kind.name], torch.ones(weights.shape[:-1]))
        assert ("distance" in statistics[kind.name]) == kind.is_self
        if kind.is_self:
            assert attention.mean_distance(weights).shape == weights.shape[:-1]
        difference = two_sentences.aligned_difference(trace, other, kind.name, 0, 0)
        torch.testing.assert_close(difference, other.attention[kind.name].weights[0, 0] - weights[0, 0])
        same = change.aligned(trace, other).attention[kind.name].weights
        torch.testing.assert_close(same, weights)
        assert attention.may_attend(trace, kind.name, 0).shape == weights.shape[-2:]
        assert set(scores[kind.name]) <= {role.name for role in roles.ROLES if kind.name in role.kinds(anatomy)}
    assert roles.measure(trace).statistics.keys() == set(anatomy.kind_names)


def test_roles_are_where_they_mean_something():
    """A reader has a next token to look at and an end; a writer neither; both have a previous one; only bridges align."""
    defined = {name: {role.name for role in roles.ROLES if role.kinds(anatomy)} for name, anatomy in MODELS.items()}
    assert defined["reader"] == {"previous", "next", "self", "first", "end", "punctuation", "word"}
    assert (
        defined["writer"]
        == defined["shared"]
        == defined["streamed"] - {"end"}
        == {"previous", "self", "first", "punctuation", "word"}
    )
    assert defined["recurrent"] == {"first", "end", "punctuation", "diagonal", "alignment"}


def test_a_role_in_a_reader_by_hand():
    """All weight on the next token: next is 1, and 0 is left for the end but from the row before it, which has it as its next."""
    trace = trace_of(READER, whole=False)
    size = len(read_tokens())
    weights = torch.zeros(2, 4, size, size)
    weights[..., torch.arange(size), (torch.arange(size) + 1).clamp(max=size - 1)] = 1.0
    maps = replace(trace, attention={"encoder": replace(trace.attention["encoder"], weights=weights)})
    scores = roles.role_scores(maps)["encoder"]
    assert scores["next"].unique().tolist() == [1.0] and scores["end"].unique().tolist() == pytest.approx([1 / (size - 1)])


def test_heads_that_share_keys_read_the_same_ones():
    """Two heads of keys for four of queries: neighbours share."""
    trace, kind = trace_of(SHARED), SHARED.kinds[0]
    keys = attention.per_head(trace, "decoder", "keys")
    assert keys.shape == (2, 4, len(trace.target), kind.d_head)
    assert all(
        torch.equal(keys[:, head], trace.attention["decoder"].keys[:, head * kind.key_heads // kind.heads])
        for head in range(kind.heads)
    )


def test_a_bias_is_added_to_the_scores():
    """weights = softmax((scores + bias) / temperature where mask)."""
    got = trace_of(WRITER).attention["decoder"]
    scores = (got.scores + got.bias).masked_fill(~got.mask, float("-inf"))
    torch.testing.assert_close(got.weights, scores.softmax(-1))


# What is missing --------------------------------------------------------------------------------------------------------


ASKED = {
    "a query": lambda trace: trace.part("queries", trace.anatomy.kinds[0].name),
    "a score": lambda trace: trace.part("scores", trace.anatomy.kinds[0].name),
    "a value": lambda trace: attention.per_head(trace, trace.anatomy.kinds[0].name, "values"),
    "the stream": lambda trace: attention.residual_norms(trace, trace.anatomy.stacks[0].name),
    "shares": lambda trace: attention.written_shares(trace, trace.anatomy.stacks[0].name),
    "cosines": lambda trace: layers.written_cosines(trace, trace.anatomy.stacks[0].name),
    "norms": lambda trace: layers.norm_labels(trace, trace.anatomy.stacks[0].name),
    "paths": lambda trace: embedding.paths(trace, trace.anatomy.stacks[0].name, 2),
    "a state": lambda trace: change.state_change(trace, trace, trace.anatomy.stacks[0].name),
    "units": lambda trace: layers.firing_shares(trace, trace.anatomy.stacks[0].name),
    "a unit": lambda trace: layers.unit_tokens(trace, trace.anatomy.stacks[0].name, 0, 0),
    "input parts": lambda trace: attention.input_parts(trace, trace.anatomy.stacks[0].name),
    "positions": lambda trace: attention.given_positions(trace, trace.anatomy.stacks[0].name),
    "cross-entropy": lambda trace: output.cross_entropy(trace),
    "predictions": lambda trace: change.prediction_change(trace, trace),
}


@EVERY
@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_what_is_missing_is_said_with_its_reason(anatomy, ask):
    """In words, by whatever needs it."""
    with pytest.raises(ValueError, match=f"^This model shows no .*{HIDDEN}$"):
        ask(trace_of(anatomy, whole=False))


def test_what_one_kind_lacks_is_said_of_that_kind():
    """A reason is of one place, as under "scores:cross", or of all, as under "scores"."""
    anatomy = replace(RECURRENT, missing={"scores:cross": "They are of another sort.", "residual": "There is one state a token."})
    assert anatomy.why("scores", "cross") == "They are of another sort." and anatomy.why("scores", "encoder") == ""
    assert anatomy.why("residual", "encoder") == anatomy.why("residual") == "There is one state a token."


def test_weights_that_are_missing_and_questions_to_a_bridge():
    """A model may show no attention at all; two rollouts, of a source and of a target, need two sequences."""
    blind = Trace(trace_of(WRITER).axes, Intervention(), replace(WRITER, missing={"weights": HIDDEN}), {})
    with pytest.raises(ValueError, match=f"no attention weights.*{HIDDEN}"):
        attention.may_attend(blind, "decoder", 0)
    with pytest.raises(ValueError, match="from one sequence to another"):
        origin.rollout(trace_of(WRITER))


# Interventions ----------------------------------------------------------------------------------------------------------


def test_an_intervention_is_held_to_the_anatomy():
    """Kinds, layers, heads, tokens, and what the model obeys."""
    check_places(Intervention(heads_off={("decoder", 1, 3)}, cut={("decoder", None, 4, 0)}, causal=False), WRITER, 5)
    for values, words_ in (
        ({"heads_off": {("cross", 0, 0)}}, "heads_off must be one of decoder, not 'cross'"), ({"cut": {("cross", 0, 0, 0)}}, "cut must be one of"),
        ({"heads_off": {("decoder", 2, 0)}}, "layers go from 0 to 1"), ({"cut": {("decoder", 0, 5, 0)}}, "no query 5"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=words_):
            check_places(Intervention(**values), WRITER, 5)
    with pytest.raises(ValueError, match="cannot follow a change of causal. Every token sees all others already"):
        check_places(Intervention(causal=False), READER, 6)
    with pytest.raises(ValueError, match="cannot follow a change of window"):
        check_places(Intervention(window=2), RECURRENT, 6, 5)
    check_places(Intervention(cut={("cross", None, 4, 5)}), RECURRENT, 6, 5)


def test_links_beyond_the_tokens_are_left_out():
    """By the stacks that a kind joins."""
    cut = {("cross", None, 4, 5), ("cross", None, 5, 0), ("cross", None, 0, 6)}
    assert within(Intervention(cut=cut), RECURRENT, 6, 5).cut == {("cross", None, 4, 5)}


def test_positions_are_edited_by_what_a_stack_reads():
    """A stack that writes reads a target, any other one a source."""
    edit = Intervention(source_positions="none", target_positions="reversed")
    assert [edit.positions_on(stack) for stack in RECURRENT.stacks] == ["none", "reversed"]
    assert edit.positions_on(READER.stacks[0]) == "none" and edit.positions_on(WRITER.stacks[0]) == "reversed"
