"""A Trace as one file: what is read back is what was computed, and nothing in it can run."""

from __future__ import annotations

import json
from io import BytesIO

import numpy
import torch
from hypothesis import given
from safetensors.numpy import load as load_safetensors
from support.strategies import costly, interventions, sentences

from model.trace.intervention import Intervention
from model.trace.places import within
from viz.takeaway import Recipe, as_npz, as_safetensors
from viz.takeaway.arrays import arrays, size, tensors
from viz.takeaway.files import ABOUT


def recipe(text: str) -> Recipe:
    """Of the tiny translator."""
    return Recipe("tiny", "0" * 64, text)


def texts_of(packed: bytes) -> dict[str, str]:
    """The metadata of a safetensors file."""
    length = int.from_bytes(packed[:8], "little")
    return json.loads(packed[8 : 8 + length])["__metadata__"]


@costly
@given(text=sentences, change=interventions)
def test_both_files_give_back_every_number_and_word(tiny_translator, text, change):
    """Any sentence, any change: tensors to the last bit, tokens, the change itself and the hash."""
    source = tiny_translator.source(text)
    change = within(change, tiny_translator.anatomy, len(source), 2)
    trace = tiny_translator.trace(text, target="a", intervention=change)
    wanted = arrays(trace)
    with numpy.load(BytesIO(as_npz(trace, recipe(text))), allow_pickle=False) as file:
        npz = dict(file)
    packed = as_safetensors(trace, recipe(text))
    tensors_read, texts = load_safetensors(packed), texts_of(packed)
    for found in ({name: array for name, array in npz.items() if not name.startswith(ABOUT)}, tensors_read):
        assert found.keys() == wanted.keys()
        for name, array in wanted.items():
            assert found[name].dtype == array.dtype
            numpy.testing.assert_array_equal(found[name], array)
    assert {name.removeprefix(ABOUT): str(array) for name, array in npz.items() if name.startswith(ABOUT)} == texts
    assert texts["text"] == text and texts["weights_sha256"] == "0" * 64
    assert Intervention.from_dict(json.loads(texts["intervention"])) == change
    assert json.loads(texts["tokens.encoder.pieces"]) == trace.source.pieces
    assert json.loads(texts["labels.decoder.ids"]) == trace.labels.ids


def test_every_tensor_of_a_trace_has_a_name(tiny_translator):
    """As the docstring lists them; nothing is left out, and the size is that of the arrays."""
    trace = tiny_translator.trace("The animal.", target="chien")
    names = dict(tensors(trace))
    parts = ("weights", "scores", "mask", "queries", "keys", "values", "outputs")
    assert {f"attention.{kind}.{part}" for kind in ("encoder", "decoder", "cross") for part in parts} <= names.keys()
    rest = names.keys() - {name for name in names if name.startswith("attention.")}
    assert rest == {
        *(f"residual.{stack}.{part}" for stack in ("encoder", "decoder") for part in ("states", "written")),
        *(f"{part}.{stack}" for part in ("embeddings", "positions", "feed_forward") for stack in ("encoder", "decoder")),
        "logits", "loss",
    }  # fmt: skip
    assert size(trace) == sum(array.nbytes for array in arrays(trace).values())
    assert names["attention.cross.weights"] is trace.attention["cross"].weights and isinstance(names["loss"], torch.Tensor)


def test_nothing_in_an_npz_is_a_pickle(tiny_translator):
    """Every array is of numbers, switches or text."""
    trace = tiny_translator.trace("The animal.", target="chien")
    with numpy.load(BytesIO(as_npz(trace, recipe("The animal."))), allow_pickle=False) as file:
        assert {array.dtype.kind for array in dict(file).values()} <= set("fbiuU")
