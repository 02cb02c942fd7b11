"""What every record promises: it compares and hashes, its tensors are its own, and passes inside passes do not meet."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import pickle
import pkgutil

import pytest
import torch
from support.tensors import tensors
from support.tiny import SENTENCES, tiny_model

import model as room
from model.analysis.decoding import beam_tree, continue_greedily
from model.instrument.pretrained import Translator
from model.instrument.recorder import Recorder, recording
from model.measuring.evaluate import translate_all
from model.measuring.timeline import held_out_loss
from model.trace.intervention import Intervention
from model.training.data import make_batch

TEXT = "Two dogs are playing."


def records() -> list[type]:
    """Every frozen record of model/."""
    found = []
    for info in pkgutil.iter_modules(room.__path__):
        for value in vars(importlib.import_module(f"model.{info.name}")).values():
            if (
                dataclasses.is_dataclass(value)
                and isinstance(value, type)
                and value.__dataclass_params__.frozen
                and value not in found
            ):
                found.append(value)
    return found


def filled(record: type) -> object:
    """An instance with a value of each field's sort."""
    one = object.__new__(record)
    for field in dataclasses.fields(record):
        wanted = str(field.type)
        value: object = "text"
        if wanted.startswith(("Tensor", "Transformer")):
            value = torch.arange(3.0)
        elif wanted.startswith(("dict", "Mapping")):
            value = {"a": torch.arange(3.0)} if "Tensor" in wanted or "Attention" in wanted else {"a": [1]}
        elif wanted.startswith("list"):
            value = [1, 2]
        elif wanted.startswith(("tuple", "Forced")):
            value = (1, 2)
        object.__setattr__(one, field.name, value)
    return one


@pytest.mark.parametrize("record", records(), ids=lambda record: record.__name__)
def test_every_record_compares_and_hashes(record):
    """Two of the same content: == gives a bool, hash a number, equal ones the same one."""
    one, other = filled(record), filled(record)
    assert one == one and isinstance(one == other, bool)
    assert isinstance(hash(one), int) and (one != other or hash(one) == hash(other))


@pytest.mark.parametrize("positions", ["sinusoidal", "learned", "none"])
@pytest.mark.parametrize("change", [Intervention(), Intervention(source_positions="none", temperature=2.0, window=1)])
def test_tensors_of_a_trace_are_its_own(tokenizer, positions, change):
    """No graph, contiguous, no memory in common with another tensor or with the model; copies and pickles are equal."""
    translator = Translator(tiny_model(tokenizer, positions=positions), tokenizer)
    trace = translator.trace(TEXT, intervention=change)
    found = tensors(trace)
    model = [*translator.model.parameters(), *translator.model.buffers()]
    places = [tensor.untyped_storage().data_ptr() for tensor in [*found, *model]]
    assert len({*places[: len(found)]} - {*places[len(found) :]}) == len(found)
    for tensor in found:
        assert tensor.is_contiguous() and tensor.is_leaf and not tensor.requires_grad and tensor.numpy().size == tensor.numel()
        assert tensor.untyped_storage().nbytes() == tensor.numel() * tensor.element_size()
    for again in (copy.deepcopy(trace), pickle.loads(pickle.dumps(trace))):
        assert all(torch.equal(first, second) for first, second in zip(found, tensors(again), strict=True))
        assert again.intervention == change and again.source == trace.source


@pytest.mark.parametrize("positions", ["sinusoidal", "learned"])
def test_a_translator_pickles_and_copies(tokenizer, positions):
    """What comes back translates and traces alike and shares no weight with the first."""
    first = Translator(tiny_model(tokenizer, positions=positions), tokenizer, "tiny", {"languages": {"source": "English"}})
    for again in (pickle.loads(pickle.dumps(first)), copy.deepcopy(first)):
        assert (again.name, again.about, again.folder) == (first.name, first.about, first.folder)
        one, other = first.trace(TEXT), again.trace(TEXT)
        assert all(torch.equal(left, right) for left, right in zip(tensors(one), tensors(other), strict=True))
        parts = zip(first.model.parameters(), again.model.parameters(), strict=True)
        assert all(left.data_ptr() != right.data_ptr() for left, right in parts)
        assert again != first and hash(again) != hash(first)


LOUD = Intervention(source_positions="shuffled", temperature=100.0, scaled=False)
PASSES = {
    "translate_tokens": lambda one: one.translate_tokens(one.source(TEXT)).ids,
    "trace": lambda one: one.trace(TEXT).loss.tolist(),
    "trace of a change": lambda one: one.trace(TEXT, intervention=Intervention(window=1)).loss.tolist(),
    "beam": lambda one: one.translate(TEXT, beam=3),
    "beam_tree": lambda one: beam_tree(one.model, one.source(TEXT).ids, 2),
    "continue_greedily": lambda one: continue_greedily(one.model, one.source(TEXT).ids, ()),
    "translate_all": lambda one: translate_all(one, [TEXT, SENTENCES[0]], 1),
    "held_out_loss": lambda one: held_out_loss(one, [(SENTENCES[2], SENTENCES[3])]),
}


@pytest.mark.parametrize("name", PASSES)
def test_a_pass_inside_another_is_its_own(tiny_translator, name):
    """Under an outer recorder that changes the model it gives what it gives alone, and the outer one keeps nothing of it."""
    alone = PASSES[name](tiny_translator)
    with recording(Recorder(tiny_translator.model.anatomy, LOUD)) as outer:
        inside = PASSES[name](tiny_translator)
    assert inside == alone if not isinstance(alone, float) else inside == pytest.approx(alone, rel=1e-5)
    assert not outer.captured


def test_a_trace_inside_a_hook_of_another_trace(tiny_translator):
    """Both are what they are alone."""
    alone, outer_alone = tiny_translator.trace(TEXT), tiny_translator.trace(SENTENCES[0], SENTENCES[1], LOUD)
    inner: list = []

    def hook(*_arguments: object) -> None:
        if not inner:
            inner.append(None)  # the inner pass comes here, too
            inner.append(tiny_translator.trace(TEXT))

    handle = tiny_translator.model.encoder.layers[1].register_forward_hook(hook)
    try:
        outer = tiny_translator.trace(SENTENCES[0], SENTENCES[1], LOUD)
    finally:
        handle.remove()
    for one, other in ((inner[1], alone), (outer, outer_alone)):
        assert all(torch.equal(left, right) for left, right in zip(tensors(one), tensors(other), strict=True))


def test_a_batch_compares_by_identity():
    """Its tensors would compare element by element."""
    one, other = (make_batch([([5, 6], [7])]) for _ in range(2))
    assert one == one and one != other and len({one, other}) == 2
