"""A whole Trace as one file: NPZ for numpy, safetensors for everybody else. Neither can run code when it is read."""

from __future__ import annotations

from io import BytesIO

import numpy
import safetensors.numpy

from model.trace.trace import Trace
from viz.takeaway.arrays import about, arrays
from viz.takeaway.parcel import Recipe

ABOUT = "about."  # before the names of texts in an NPZ file, which has no place of its own for them


def as_npz(trace: Trace, recipe: Recipe) -> bytes:
    """`numpy.load(file, allow_pickle=False)` reads it: the arrays of `arrays`, and the texts of `about` as "about.NAME"."""
    texts = {f"{ABOUT}{name}": numpy.array(text) for name, text in about(trace, recipe).items()}
    file = BytesIO()
    numpy.savez(file, allow_pickle=False, **arrays(trace), **texts)
    return file.getvalue()


def as_safetensors(trace: Trace, recipe: Recipe) -> bytes:
    """`safetensors.safe_open(file, "np")` reads it: the arrays of `arrays`, and the texts of `about` as its metadata."""
    plain = {name: numpy.ascontiguousarray(array) for name, array in arrays(trace).items()}
    return safetensors.numpy.save(plain, about(trace, recipe))
