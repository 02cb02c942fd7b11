"""Patched passes of every architecture: what is put in is what the donor computed, everything behind it follows, and no proof is empty."""

from __future__ import annotations

import pytest

pytest.importorskip("transformers", reason='needs pip install "headlight[models]"')

import torch
from support.foreign import ARCHITECTURES, PROBE, STREAMS, Tiny, random_model, tiny, write_model
from torch import Tensor

from model import Intervention, Patch, load_model
from model.huggingface.anatomy import inputs, look_into
from model.instrument import description, taps
from model.instrument.description import MISSING
from model.instrument.donors import values_at
from model.instrument.module_pass import Pass
from model.instrument.recorder import recording
from model.trace.anatomy import FEED_FORWARD, Anatomy, Stack
from model.trace.patch import EMBEDDING, RESIDUAL, Site
from model.trace.trace import Trace

EVERY = pytest.mark.parametrize("architecture", [name for name in ARCHITECTURES if name != STREAMS])
OTHER = {
    "input_ids": torch.tensor([[41, 31, 52, 43, 34, 15, 54, 16, 37]]),
    "decoder_input_ids": torch.tensor([[2, 51, 32, 43, 25, 64]]),
}


def patched(shape: Tiny, donor: Trace, *sites: Site) -> Trace:
    """The pass with values of another one."""
    return shape.trace(Intervention(patch=Patch("other", frozenset(sites))), {("other", ""): donor})


def other(shape: Tiny, stack: Stack) -> Trace:
    """A pass in which this stack reads something else, and no other does."""
    reads = ("input_ids", "decoder_input_ids")[shape.anatomy.stack_names.index(stack.name)]
    return shape.trace(**{reads: OTHER[reads]})


def behind(stack: Stack) -> list[Site]:
    """The whole stream of a stack: the embedding, and what is behind each layer."""
    return [(stack.name, EMBEDDING, None, None, None), *((stack.name, RESIDUAL, at, None, None) for at in range(stack.layers))]


def inside(anatomy: Anatomy, layer: int, position: int | None = None) -> list[Site]:
    """All that is written in a layer of each stack, and a head of each kind of attention."""
    written = [(stack.name, part, layer, None, position) for stack in anatomy.stacks for part in stack.sublayers]
    return [*written, *((kind.asks, kind.name, layer, 2, position) for kind in anatomy.kinds)]


def assert_close(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


@EVERY
def test_its_own_values_change_nothing(architecture):
    """At every site of the stream, and at every sublayer and head, at once."""
    shape = tiny(architecture)
    intact = shape.trace()
    sites = [site for stack in shape.anatomy.stacks for site in behind(stack)]
    for own in (sites, [*inside(shape.anatomy, 0), *inside(shape.anatomy, 1)]):
        assert_close(patched(shape, intact, *own).logits, intact.logits)
    assert "patch" in shape.anatomy.obeys and "patch" not in shape.anatomy.missing


@EVERY
def test_a_whole_stream_of_another_pass_is_that_pass(architecture):
    """Behind each layer, and at the embedding: every point behind is the donor's, and what the model says."""
    shape = tiny(architecture)
    intact = shape.trace()
    for stack in shape.anatomy.stacks:
        donor = other(shape, stack)
        for number, site in enumerate(behind(stack)):
            trace, point = patched(shape, donor, site), number * len(stack.sublayers)
            assert torch.equal(values_at(trace, site), values_at(donor, site))
            assert_close(trace.stream(stack.name).states[point:], donor.stream(stack.name).states[point:])
            assert_close(trace.stream(stack.name).states[1:point], intact.stream(stack.name).states[1:point])
            assert_close(trace.logits, donor.logits)
        every = [(*behind(stack)[1][:4], at) for at in range(donor.stream(stack.name).states.size(1))]
        assert_close(patched(shape, donor, *every).logits, donor.logits)


@EVERY
def test_one_value_is_taken_over_alone_and_many_in_a_batch_each_for_itself(architecture):
    """What a sublayer writes, a head, the stream, at one position: there alone; a row of a batch is the pass of its change."""
    shape, at = tiny(architecture), 3
    rest = [row for row in range(6) if row != at]
    stack = shape.anatomy.stacks[-1]
    intact, donor = shape.trace(), other(shape, stack)
    sites = [site for site in inside(shape.anatomy, 1, at) if site[0] == stack.name]
    sites += [(*site[:4], at) for site in behind(stack)]
    ones = [patched(shape, donor, site) for site in sites]
    for site, trace in zip(sites, ones, strict=True):
        assert torch.equal(values_at(trace, site)[at], values_at(donor, site)[at])
        assert_close(values_at(trace, site)[rest], values_at(intact, site)[rest])
        assert float((trace.logits - intact.logits).abs().max()) > 1e-4
    changes = [Intervention(), *(Intervention(patch=Patch("other", frozenset({site}))) for site in sites)]
    given = {name: x.expand(len(changes), -1) if isinstance(x, Tensor) else x for name, x in shape.given.items()}
    with torch.no_grad(), recording(Pass(shape.places, shape.anatomy, changes, False, {("other", ""): donor})):
        batch = shape.model(**given)["logits" if shape.anatomy.predicting else "last_hidden_state"]
    for row, trace in zip(batch, [intact, *ones], strict=True):
        assert_close(row, trace.logits)


@EVERY
def test_what_all_heads_give_is_what_the_sublayer_writes(architecture):
    """Before the matrix behind them and the norm behind that, or after: one change."""
    shape = tiny(architecture)
    for kind in shape.anatomy.kinds:
        donor = other(shape, shape.anatomy.asking(kind.name))
        heads = [(kind.asks, kind.name, 1, head, None) for head in range(kind.heads)]
        whole = patched(shape, donor, (kind.asks, kind.name, 1, None, None))
        assert_close(patched(shape, donor, *heads).logits, whole.logits)
        assert float((whole.logits - shape.trace().logits).abs().max()) > 1e-4


def beside_the_stream(events, stream, starts, sublayers):
    """Where the points are seen: of a pre-norm model, the first one where it goes into a norm."""
    points = [site for what, site in stream.taps if what == "states"]
    return {at: points[at] for at in range(0, len(points), sublayers)}


def one_sublayer_early(events, stream, starts, sublayers):
    points = [site for what, site in stream.taps if what == "states"]
    return {at: points[max(at - 1, 0)] for at in range(0, len(points), sublayers)}


def without_writers(found, stack, sublayers, own=taps._taps):
    return ((site, tap._replace(part="" if tap.what == "written" else tap.part)) for site, tap in own(found, stack, sublayers))


@pytest.mark.parametrize(
    ("room", "name", "wrong"),
    [(description, "find_handles", lambda *_: None), (description, "find_handles", beside_the_stream),
     (description, "find_handles", one_sublayer_early), (taps, "_taps", without_writers)],
    ids=["none", "beside", "early", "writers"],
)  # fmt: skip
def test_what_does_not_reach_all_that_follows_is_no_handle(monkeypatch, room, name, wrong):
    """A GPT-2 that is looked into wrongly follows no patch, and says why; all else of it can be seen."""
    monkeypatch.setattr(room, name, wrong)
    anatomy = look_into(random_model(*ARCHITECTURES["GPT-2"]), *(inputs(torch.tensor([ids])) for ids in PROBE[::2])).anatomy
    assert "patch" not in anatomy.obeys and anatomy.why("patch") == MISSING["patch"]
    assert anatomy.obeys == tiny("GPT-2").anatomy.obeys - {"patch"} and anatomy.stacks == tiny("GPT-2").anatomy.stacks


READERS = {  # by architecture: its tokenizer, a text, and the donor's
    "GPT-2": ("BPE", "The dog didn't cross", "The cat didn't cross"), "BERT": ("WordPiece", "The [MASK] cat sat", "The [MASK] dog sat"),
    "T5": ("Unigram", "The dog didn't cross", "The cat didn't cross"),
}  # fmt: skip


@pytest.mark.parametrize("architecture", READERS)
def test_a_patch_is_one_in_a_batch_and_in_what_is_written(architecture, tmp_path):
    """The donor is read by the unchanged model; step by step every piece is the likeliest of the pass over the whole."""
    tokenizer, text, other = READERS[architecture]
    reader = load_model(write_model(tmp_path / "model", architecture, tokenizer), "cpu")
    own, (stack, kind) = reader.trace(text), (reader.anatomy.stack_names[-1], reader.anatomy.kind_names[-1])
    target = own.translation if architecture == "T5" else ""
    at = next(at for at, pair in enumerate(zip(own.source.ids, reader.source(other).ids, strict=False)) if len({*pair}) > 1)
    sites = [
        (stack, RESIDUAL, 0, None, at),
        (stack, FEED_FORWARD, 1, None, at),
        (stack, kind, 1, 2, at),
        (stack, EMBEDDING, None, None, at),
    ]
    changes = [Intervention(patch=Patch(other, {site}, target)) for site in sites[: 3 if target else 4]]
    for change, value in zip(changes, reader.passes.label_log_probabilities(own, changes), strict=True):
        trace = reader.capture(own.source, own.labels, change)
        torch.testing.assert_close(-trace.loss, value, atol=1e-4, rtol=1e-4)
        assert float((trace.logits - own.logits).abs().max()) > 1e-4
    written = reader.written(own.source, changes[0])
    read = written if architecture == "GPT-2" else own.source
    said = reader.capture(read, written, changes[0]).logits.argmax(-1).tolist()
    if architecture == "GPT-2":
        assert said[len(own.source) - 1 : -1] == written.ids[len(own.source) :] and len(written) > len(own.source)
    elif architecture == "BERT":
        mask = own.source.ids.index(reader.texts.tokenizer.mask_token_id)
        assert said[mask] == written.ids[mask]
    else:
        assert said[:-1] == written.ids[:-1]  # it may have been cut off
    with pytest.raises(ValueError, match="takes its values from cannot be read"):
        reader.trace(text, intervention=Intervention(patch=Patch("cat " * 100, {sites[0]})))
