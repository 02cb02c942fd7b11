"""A small random model of every architecture: what the adapter shows is what the model itself says, and every edit is the right one."""

from __future__ import annotations

import pytest

pytest.importorskip("transformers", reason='needs pip install "headlight[models]"')

import torch
from hypothesis import given
from hypothesis import strategies as st
from support.foreign import ARCHITECTURES, STREAMS, random_model, tiny
from support.strategies import changes_of, costly
from torch import Tensor

from model import Intervention
from model.huggingface.anatomy import inputs, look_into
from model.huggingface.xlnet import ranks
from model.instrument.checkpoint import CheckpointError
from model.instrument.recorder import shuffled_order
from model.trace.places import within

EVERY = pytest.mark.parametrize("architecture", ARCHITECTURES)
MOVED = ("reversed", "shuffled")


def their_states(shape, stack: str) -> list[Tensor]:
    """transformers' hidden states of a stack, after the embedding and after every layer."""
    single = len(shape.anatomy.stacks) == 1
    states = [state.detach() for state in shape.own["hidden_states" if single else f"{stack}_hidden_states"]]
    states = states[:: 2 if shape.anatomy.query_stream else 1]  # of two streams, both in turn
    return [state.flatten(0, -2) for state in states]  # XLNet has the batch behind the position


@EVERY
def test_weights_and_logits_are_those_of_eager_attention(architecture):
    shape = tiny(architecture)
    trace = shape.trace()
    for kind in shape.anatomy.kind_names:
        name = "attentions" if len(shape.anatomy.stacks) == 1 else f"{kind}_attentions"
        layers = shape.own[name]
        theirs = torch.cat([layer[kind == "query"] if isinstance(layer, tuple) else layer for layer in layers])
        torch.testing.assert_close(trace.attention[kind].weights, theirs, atol=1e-6, rtol=0)
    theirs = shape.own["logits" if shape.anatomy.predicting else "last_hidden_state"][0]
    rounding = 1e-5 if "XLNet" in architecture else 1e-6  # whose own sums run in another order
    torch.testing.assert_close(trace.logits, theirs, atol=rounding, rtol=rounding)
    plain = shape.model(**shape.given)["logits" if shape.anatomy.predicting else "last_hidden_state"][0]
    torch.testing.assert_close(plain, theirs, atol=1e-3, rtol=1e-4)  # without a recorder it takes the fused kernel


@EVERY
def test_the_residual_stream_is_theirs_and_adds_up_with_what_was_written(architecture):
    """Points stand after every sublayer; behind a norm, what goes on is the sum, normalised."""
    shape = tiny(architecture)
    trace = shape.trace()
    for stack in shape.anatomy.stacks:
        stream, theirs = trace.stream(stack.name), their_states(shape, stack.name)
        assert stream.labels == stack.points and len(stream.states) == len(stack.points) == len(stream.written) + 1
        ours = stream.states[:: len(stack.sublayers)]
        last = len(theirs) - (shape.anatomy.norm != "post")  # a norm behind the stack makes their last one another
        torch.testing.assert_close(ours[:last], torch.stack(theirs[:last]), atol=1e-5, rtol=1e-5)
        total = stream.states[:-1] + stream.written
        if shape.anatomy.norm == "post":
            total = torch.nn.functional.layer_norm(total, total.shape[-1:])
            assert affine_error(total, stream.states[1:]) < 1e-3
        else:
            torch.testing.assert_close(total, stream.states[1:], atol=1e-4, rtol=1e-5)
        units = trace.feed_forward[stack.name]
        assert units.shape[:2] == (stack.layers, stream.states.shape[1]) and units.shape[2] in (48, 4 * 32)


def affine_error(x: Tensor, y: Tensor) -> float:
    """How far y is from gain * x + bias with one gain and bias a feature for all positions; (point, position, feature) each."""
    x, y = x - x.mean(1, keepdim=True), y - y.mean(1, keepdim=True)
    gain = (x * y).sum(1, keepdim=True) / (x * x).sum(1, keepdim=True)
    return float((y - gain * x).abs().max())


@EVERY
def test_what_comes_behind_the_last_layer_makes_their_logits_of_its_states(architecture):
    """The logit lens ends in the model's own output, and says of an earlier layer what the model would say if it stopped there."""
    shape = tiny(architecture)
    if shape.anatomy.predicting is None or architecture == STREAMS:  # whose logits come from the stream that is not seen
        assert shape.ending is None and "unembed" in shape.anatomy.missing
        return
    trace = shape.trace()
    states = trace.stream(shape.anatomy.predicting.name).states
    torch.testing.assert_close(shape.ending.unembed(states[-1]), trace.logits, atol=1e-4, rtol=1e-4)
    assert float((shape.ending.unembed(states[-2]) - trace.logits).abs().max()) > 1e-2
    assert "unembed" not in shape.anatomy.missing


def test_an_ending_that_is_no_chain_of_modules_is_said_to_be_missing():
    """A cap on the logits of a Gemma stands in no module."""
    name, config, settings = ARCHITECTURES["Gemma3"]
    model = random_model(name, config, {**settings, "final_logit_softcapping": 3.0})
    inside = look_into(model, *(inputs(torch.tensor([[*range(first, first + 5)]])) for first in (50, 60)))
    assert inside.ending is None and "behind its last layer" in inside.anatomy.absence("unembed")


@EVERY
def test_moved_positions_are_the_same_as_moved_tokens(architecture):
    """Learned, waves, rotary, relative: without a look-ahead mask, a token at another position is a token at another place."""
    shape = tiny(architecture)
    for edit in MOVED:
        length = shape.given["input_ids"].size(1)
        order = (
            shuffled_order(length) if edit == "shuffled" else torch.arange(length).flip(0)
        )  # token i has the position order[i]
        single = len(shape.anatomy.stacks) == 1
        side = "target_positions" if single and shape.anatomy.stacks[0].predicts == "next" else "source_positions"
        edited = shape.trace(Intervention(causal=False, **{side: edit})).logits
        placed = shape.given["input_ids"][:, order.argsort()]
        plain = shape.trace(Intervention(causal=False), input_ids=placed).logits
        torch.testing.assert_close(edited, plain[order] if single else plain, atol=1e-3, rtol=1e-3)
        assert float((edited - shape.trace(Intervention(causal=False)).logits).abs().max()) > 1e-2


@EVERY
def test_without_positions_the_order_of_the_tokens_is_nothing(architecture):
    shape = tiny(architecture)
    single = len(shape.anatomy.stacks) == 1
    side = "target_positions" if single and shape.anatomy.stacks[0].predicts == "next" else "source_positions"
    change = Intervention(causal=False, **{side: "none"})
    order = shuffled_order(shape.given["input_ids"].size(1))
    here, there = shape.trace(change).logits, shape.trace(change, input_ids=shape.given["input_ids"][:, order]).logits
    torch.testing.assert_close(there, here[order] if single else here, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(
    ("architecture", "tables"),
    [("GPT-2", ["transformer.wpe"]), ("BERT", ["bert.embeddings.position_embeddings"]),
     ("T5", ["encoder.block.0.layer.0.SelfAttention.relative_attention_bias", "decoder.block.0.layer.0.SelfAttention.relative_attention_bias"])],
)  # fmt: skip
def test_a_scale_on_positions_is_one_on_their_table(architecture, tables):
    shape = tiny(architecture)
    edited = shape.trace(Intervention(position_scale=0.5)).logits
    weights = [shape.model.get_submodule(table).weight for table in tables]
    try:
        for weight in weights:
            weight.mul_(0.5)
        torch.testing.assert_close(edited, shape.trace().logits, atol=1e-4, rtol=1e-4)
    finally:
        for weight in weights:
            weight.mul_(2.0)


@st.composite
def edits(draw) -> tuple[str, Intervention]:
    """An architecture, and any Intervention that it can follow."""
    architecture = draw(st.sampled_from(list(ARCHITECTURES)))
    anatomy, lengths = tiny(architecture).anatomy, [9, 6][: len(tiny(architecture).anatomy.stacks)]
    kinds, places = st.sampled_from(anatomy.kind_names), st.one_of(st.none(), st.integers(0, 8))
    links = st.tuples(kinds, st.sampled_from([None, 0, 1]), places, places).filter(lambda link: link[2:] != (None, None))
    change = draw(
        changes_of(
            position_scale=st.sampled_from([0.5, 1.0]), window=st.sampled_from([None, 0, 2]), cut=st.frozensets(links, max_size=4),
            heads_off=st.frozensets(st.tuples(kinds, st.integers(0, 1), st.integers(0, 3)), max_size=3),
            temperature=st.sampled_from([0.5, 1.0, 4.0]),
        )
    )  # fmt: skip
    usual = {name: getattr(Intervention(), name) for name in change.changed_fields - anatomy.obeys}
    return architecture, within(Intervention(**({**vars(change), **usual})), anatomy, *lengths)


@costly
@given(edit=edits())
def test_any_pass_keeps_its_promises(edit):
    """weights = softmax((scores + bias) / temperature where mask); outputs = weights @ values; a head that is off writes nothing."""
    architecture, change = edit
    shape = tiny(architecture)
    trace = shape.trace(change)
    for kind in shape.anatomy.kinds:
        a = trace.attention[kind.name]
        groups = kind.heads // kind.key_heads
        keys, values = a.keys.repeat_interleave(groups, 1), a.values.repeat_interleave(groups, 1)
        root = kind.d_head**0.5 if kind.scores == "scaled dot" and change.scaled else 1.0
        torch.testing.assert_close(a.scores, a.queries @ keys.transpose(2, 3) / root, atol=1e-3, rtol=1e-3)
        assert (a.bias is not None) == (kind.scores == "dot + bias")
        total = a.scores if a.bias is None else a.scores + a.bias
        wanted = (total / change.temperature).masked_fill(~a.mask, float("-inf")).softmax(-1).nan_to_num(0.0)
        torch.testing.assert_close(a.weights, wanted, atol=1e-5, rtol=0)
        sums = a.weights.sum(-1)
        assert bool((((sums - 1).abs() < 1e-5) | (sums == 0)).all())
        off = [(layer, head) for name, layer, head in change.heads_off if name == kind.name]
        outputs = a.weights @ values
        for layer, head in off:
            outputs[layer, head] = 0.0
        torch.testing.assert_close(a.outputs, outputs, atol=1e-4, rtol=1e-4)
        for _, layer, query, key in (link for link in change.cut if link[0] == kind.name):
            rows, columns = (slice(None) if at is None else slice(at, at + 1) for at in (query, key))
            assert not bool(a.weights[slice(None) if layer is None else layer][..., rows, columns].any())


def test_a_head_that_is_off_in_one_layer_of_a_shared_module_is_on_in_the_others():
    """ALBERT runs one layer again and again."""
    shape = tiny("ALBERT")
    before, after = shape.trace(), shape.trace(Intervention(heads_off=frozenset({("encoder", 1, 2)})))
    ours, theirs = before.attention["encoder"].outputs, after.attention["encoder"].outputs
    assert torch.equal(ours[0], theirs[0]) and not bool(theirs[1, 2].any()) and bool(theirs[2, 2].any())
    assert torch.equal(ours[1, 0], theirs[1, 0]) and not torch.equal(ours[2], theirs[2])


def test_the_query_stream_never_sees_what_it_guesses():
    """A token changes the guesses behind it and no other; without the look-ahead mask, its own, too."""
    shape = tiny(STREAMS)
    ids, before = shape.given["input_ids"], shape.trace()
    for at in range(ids.size(1)):
        other = ids.clone()
        other[0, at] = 77
        after = shape.trace(input_ids=other)
        apart = (after.logits - before.logits).abs().amax(-1)
        assert not bool(apart[1 : at + 1].any()) and bool((apart[at + 1 :] > 1e-3).all())
        assert torch.equal(
            after.attention["query"].weights[:, :, : at + 1, :at], before.attention["query"].weights[:, :, : at + 1, :at]
        )
    open_ = [
        shape.trace(Intervention(causal=False), input_ids=x).logits[4] for x in (ids, ids.index_fill(1, torch.tensor([4]), 77))
    ]
    assert float((open_[0] - open_[1]).abs().max()) > 1e-2


@given(
    ids=st.lists(st.integers(0, 9), min_size=1, max_size=9),
    hidden=st.sampled_from([None, 3]),
    everywhere=st.frozensets(st.integers(0, 2)),
)
def test_tokens_are_guessed_from_left_to_right_and_hidden_ones_last(ids, hidden, everywhere):
    """Each has a turn of its own but those that all see, of which there is always one."""
    (rank,) = ranks(torch.tensor([ids]), torch.tensor(sorted(everywhere), dtype=torch.long), hidden).tolist()
    order = sorted((at for at in range(len(ids)) if rank[at]), key=lambda at: rank[at])
    assert len({rank[at] for at in order}) == len(order) and order == sorted(order, key=lambda at: (ids[at] == hidden, at))
    seen = {at for at, turn in enumerate(rank) if not turn}
    assert seen == {at for at, id_ in enumerate(ids) if id_ in everywhere} or seen == {0}


def test_a_pass_of_another_kind_is_refused():
    """One without an output that is given targets all the same: a second stream, of which the probe knew nothing, is no more layers."""
    with pytest.raises(ValueError, match="more often than the one that the model was looked into with"):
        tiny("XLNet").trace(target_mapping=torch.eye(9)[None])


SMALL = {"vocab_size": 100, "hidden_size": 32, "max_position_embeddings": 64}
BLIND = {
    "DeBERTa": ("DebertaV2ForMaskedLM", "DebertaV2Config", {**SMALL, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}),
    "MPNet": ("MPNetForMaskedLM", "MPNetConfig", {**SMALL, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}),
    "GPT-Neo": ("GPTNeoForCausalLM", "GPTNeoConfig", {**SMALL, "num_layers": 2, "num_heads": 4, "attention_types": [[["global", "local"], 1]]}),
    "sinks": (
        "GptOssForCausalLM", "GptOssConfig",
        {**SMALL, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "intermediate_size": 48,
         "num_local_experts": 2, "num_experts_per_tok": 1, "pad_token_id": 0},
    ),
    "a cap": (
        "Gemma2ForCausalLM", "Gemma2Config",
        {**SMALL, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "intermediate_size": 48},
    ),
}  # fmt: skip


@pytest.mark.parametrize("architecture", BLIND)
def test_what_cannot_be_seen_is_refused_in_words(architecture):
    """Not shown wrongly: scores of DeBERTa, MPNet and GPT-Neo pass nowhere, those of others pass something after the product."""
    model = random_model(*BLIND[architecture])
    with pytest.raises(CheckpointError, match=r"cannot be looked into: .* Models that can be read are built like BERT"):
        look_into(model, inputs(torch.tensor([[50, 51, 52, 53, 54]])), inputs(torch.tensor([[60, 61, 62, 63, 64]])))
