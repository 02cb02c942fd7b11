"""What a Trace promises, for any sentence and any Intervention: the arithmetic adds up, and nothing leaks."""

from __future__ import annotations

import gc
import math
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import costly, interventions, sentences
from support.tensors import close, tensors
from support.tiny import ATTENTION_KINDS, SIDES, fitting, tiny_model

from model.instrument.pretrained import Translator
from model.instrument.recorder import Recorder, recording, shuffled_order
from model.trace.intervention import Intervention
from model.trace.trace import Trace
from model.transformer.positions import sinusoids


def allowed_by_hand(trace: Trace, kind: str, layer: int, query: int, key: int) -> bool:
    """Whether a query may attend to a key, from the words of the Intervention."""
    change = trace.intervention
    if kind == "decoder" and change.causal and key > query:
        return False
    if kind != "cross" and change.window is not None and abs(query - key) > change.window:
        return False
    return not any(
        link[0] == kind and all(place in (None, at) for place, at in zip(link[1:], (layer, query, key), strict=True))
        for link in change.cut
    )


@given(text=sentences, target=sentences, change=interventions)
def test_attention_adds_up(tiny_translator, text, target, change):
    """Scores, mask, weights and outputs are what the formulas say, head by head."""
    change = fitting(tiny_translator, text, target, change)
    trace = tiny_translator.trace(text, target, change)
    for kind in ATTENTION_KINDS:
        part = trace.attention[kind]
        layers, _, queries, keys = part.weights.shape
        assert part.weights.shape == part.scores.shape
        assert (queries, keys) == (len(trace.queries(kind)), len(trace.keys(kind)))
        scale = math.sqrt(trace.anatomy.kinds[0].d_head) if change.scaled else 1.0
        close(part.scores, part.queries @ part.keys.transpose(2, 3) / scale)
        by_hand = [
            [[allowed_by_hand(trace, kind, layer, q, k) for k in range(keys)] for q in range(queries)] for layer in range(layers)
        ]
        mask = part.mask.expand_as(part.weights)
        assert torch.equal(mask[:, 0], torch.tensor(by_hand))
        assert (part.weights[~mask] == 0).all() and part.weights.isfinite().all()
        reachable = mask.any(-1)
        close(part.weights.sum(-1), reachable.float())
        expected = (part.scores / change.temperature).masked_fill(~mask, float("-inf")).softmax(-1).nan_to_num(0.0)
        close(part.weights, expected)
        off = torch.zeros(part.outputs.shape[:2], dtype=torch.bool)
        for name, layer, head in change.heads_off:
            if name == kind:
                off[layer, head] = True
        close(part.outputs, (part.weights @ part.values).masked_fill(off[:, :, None, None], 0.0))


@given(text=sentences, target=sentences, change=interventions)
def test_the_residual_stream_adds_up(tiny_translator, text, target, change):
    """Point k + 1 = point k + what the sublayer wrote; the first point is token part plus positional part."""
    change = fitting(tiny_translator, text, target, change)
    trace = tiny_translator.trace(text, target, change)
    for side in SIDES:
        stream = trace.residual[side]
        close(stream.states[1:], stream.states[:-1] + stream.written)
        close(stream.states[0], trace.embeddings[side] + trace.positions[side])
        assert len(stream.labels) == len(stream.states) == len(stream.written) + 1
        assert (trace.feed_forward[side] >= 0).all()
    model = tiny_translator.model
    with torch.no_grad():
        close(trace.logits, model.logits(model.decoder.norm(trace.residual["decoder"].states[-1])))
    close(trace.loss, F.cross_entropy(trace.logits, torch.tensor(trace.labels.ids), reduction="none"))


@costly
@given(text=sentences, change=interventions)
def test_positions_are_what_the_intervention_says(tiny_translator, text, change):
    """Zeros, one fixed order, reversed or as trained; then the scale."""
    change = fitting(tiny_translator, text, text, change)
    trace = tiny_translator.trace(text, text, change)
    for side, edit in (("encoder", change.source_positions), ("decoder", change.target_positions)):
        length = len(trace.positions[side])
        order = {
            "none": torch.arange(length),
            "trained": torch.arange(length),
            "reversed": torch.arange(length).flip(0),
            "shuffled": shuffled_order(length),
        }
        expected = sinusoids(order[edit], trace.anatomy.d_model) * (0.0 if edit == "none" else change.position_scale)
        close(trace.positions[side], expected)
        close(trace.embeddings[side], tiny_translator.trace(text, text).embeddings[side])


@pytest.mark.parametrize("length", range(1, 30))
def test_shuffled_order_is_a_fixed_permutation(length):
    """The same for the same length, every position once, and not the trained order where another exists."""
    order = shuffled_order(length)
    assert torch.equal(order, shuffled_order(length))
    assert sorted(order.tolist()) == list(range(length))
    assert length == 1 or order.tolist() != list(range(length))


@given(text=sentences, target=sentences)
def test_captured_equals_uncaptured(tiny_translator, text, target):
    """The hooks read; they do not change what comes out."""
    trace = tiny_translator.trace(text, target)
    with torch.no_grad():
        plain = tiny_translator.model(torch.tensor([trace.source.ids]), torch.tensor([trace.target.ids]))[0]
    close(trace.logits, plain, 1e-5)


@costly
@given(text=sentences, target=sentences, change=interventions)
def test_an_intervention_leaves_nothing_behind(tiny_translator, text, target, change):
    """A trace after an intervention equals, bit for bit, one before it."""
    before = tiny_translator.trace(text, target)
    tiny_translator.trace(text, target, fitting(tiny_translator, text, target, change))
    after = tiny_translator.trace(text, target)
    assert all(torch.equal(first, second) for first, second in zip(tensors(before), tensors(after), strict=True))


def test_no_future_token_changes_an_earlier_row_while_causal(tiny_translator):
    """Other endings of the target leave the rows before them alone; without the mask they do not."""
    first, second = "Le chat est dans la neige", "Le chat est dans la rue"
    for causal in (True, False):
        change = Intervention(causal=causal)
        one, two = (tiny_translator.trace("The cat", target, change) for target in (first, second))
        same = next(at for at, (a, b) in enumerate(zip(one.target.ids, two.target.ids, strict=False)) if a != b)
        assert same > 2
        difference = (one.logits[:same] - two.logits[:same]).abs().max()
        assert (difference < 1e-5) == causal
        for kind in ("decoder", "cross") if causal else ():
            first_rows, second_rows = (trace.attention[kind].weights[:, :, :same] for trace in (one, two))
            width = same if kind == "decoder" else first_rows.size(3)
            close(first_rows[..., :width], second_rows[..., :width], 1e-5)


def test_labels_are_the_target_shifted_by_one(tiny_translator):
    """Source ends with </s>, target starts with <s>, labels end with </s>; row t has read target[: t + 1]."""
    for target in (None, "Un chat."):
        trace = tiny_translator.trace("The cat", target)
        assert trace.source.pieces[-1] == trace.labels.pieces[-1] == "</s>"
        assert trace.target.pieces[0] == "<s>" and trace.target.ids[1:] == trace.labels.ids[:-1]
        assert len(trace.logits) == len(trace.loss) == len(trace.labels)


def test_a_fully_cut_row_gives_zeros_and_finite_logits(tiny_translator):
    """Nothing to attend to is not NaN."""
    length = len(tiny_translator.source("The cat"))
    cut = frozenset(("encoder", None, 0, key) for key in range(length))
    trace = tiny_translator.trace("The cat", "Un chat", Intervention(cut=cut))
    assert (trace.attention["encoder"].weights[:, :, 0] == 0).all()
    assert trace.logits.isfinite().all()


def test_threads_never_see_each_other(tiny_translator):
    """Eight threads, one model, different sentences and interventions: each gets what it gets alone."""
    changes = [
        Intervention(), Intervention(causal=False), Intervention(source_positions="none"), Intervention(window=1), Intervention(temperature=3.0),
        Intervention(heads_off=frozenset({("cross", 0, 1)})), Intervention(target_positions="reversed"), Intervention(scaled=False),
    ]  # fmt: skip
    jobs = [(text, change) for text in ("The cat", "Two dogs", "I think so") for change in changes]  # short: each is decoded, too
    alone = [tensors(tiny_translator.trace(text, intervention=change)) for text, change in jobs]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda job: tensors(tiny_translator.trace(job[0], intervention=job[1])), jobs))
    for one, other in zip(alone, together, strict=True):
        for first, second in zip(one, other, strict=True):
            close(first, second, 1e-5)


def reachable(root: object) -> list[object]:
    """Every object that `root` holds, however deep; classes and modules, which lead everywhere, are not entered."""
    found, waiting, seen = [], [root], set()
    while waiting:
        part = waiting.pop()
        if id(part) not in seen and not isinstance(part, (type, ModuleType)):
            seen.add(id(part))
            found.append(part)
            waiting += gc.get_referents(part)
    return found


def test_a_trace_holds_no_model_and_no_graph(tiny_translator):
    """Plain tensors, free of autograd, and no module anywhere inside."""
    trace = tiny_translator.trace("The cat")
    assert all(not tensor.requires_grad and tensor.grad_fn is None for tensor in tensors(trace))
    assert not any(isinstance(part, torch.nn.Module) for part in reachable(trace))


@pytest.mark.parametrize("positions", ["sinusoidal", "learned", "none"])
def test_a_trace_shares_no_memory_with_the_model(tokenizer, positions):
    """Writing into a trace never changes the model."""
    model = tiny_model(tokenizer, positions=positions)
    trace = Translator(model, tokenizer).trace("The cat", "Un chat")
    storages = {tensor.untyped_storage().data_ptr() for tensor in (*model.parameters(), *model.buffers())}
    assert not storages & {tensor.untyped_storage().data_ptr() for tensor in tensors(trace)}


@pytest.mark.parametrize(
    "change",
    [
        Intervention(heads_off=frozenset({("encoder", 2, 0)})),
        Intervention(cut=frozenset({("cross", 9, 0, 0)})),
        Intervention(heads_off=frozenset({("cross", 0, 4)})),
    ],
)
def test_layers_and_heads_that_the_model_lacks_are_named(tiny_translator, change):
    """ValueError with the range that there is."""
    with pytest.raises(ValueError, match="layers go from 0 to"):
        tiny_translator.trace("The cat", intervention=change)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_gives_the_same_trace(tokenizer):
    """Tensors stay on the device and equal the CPU's to rounding."""
    cpu, cuda = (Translator(tiny_model(tokenizer).to(device), tokenizer) for device in ("cpu", "cuda"))
    change = Intervention(window=2, source_positions="shuffled", cut=frozenset({("cross", None, 0, 0)}))
    for first, second in zip(
        tensors(cpu.trace("The cat", "Un chat", change)), tensors(cuda.trace("The cat", "Un chat", change)), strict=True
    ):
        assert second.is_cuda
        close(first, second.cpu(), 1e-3)


@costly
@given(text=sentences, target=sentences, changes=st.lists(interventions, min_size=2, max_size=4))
def test_a_batch_of_interventions_is_each_of_them_alone(tiny_translator, text, target, changes):
    """Row by row, one forward pass over many interventions gives the logits of the passes one by one."""
    model, source = tiny_translator.model, tiny_translator.source(text)
    read = tiny_translator.read(tiny_translator.target(target))
    ids = [torch.tensor([tokens.ids] * len(changes)) for tokens in (source, read)]
    with torch.no_grad(), recording(Recorder(model.anatomy, changes, captures=False)):
        together = model(*ids)
    for change, logits in zip(changes, together, strict=True):
        close(logits, tiny_translator.trace(text, target, fitting(tiny_translator, text, target, change)).logits)
