"""A small translation transformer that shows everything it computes: `load_pretrained("en-fr").trace("The cat sat.")`."""

import os

# Read by torch before its first tensor. Without it, a Trace of 500 tokens asks Linux for 75,000 small pages of memory, a third of its time.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

from model.huggingface import load_model
from model.instrument.pretrained import LanguageReader, RecurrentTranslator, Translator, load_pretrained
from model.trace.intervention import Intervention
from model.trace.patch import Patch
from model.trace.trace import Trace

__all__ = [
    "Intervention",
    "LanguageReader",
    "Patch",
    "RecurrentTranslator",
    "Trace",
    "Translator",
    "load_model",
    "load_pretrained",
]

__path__ += [
    f"{__path__[0]}/{room}" for room in ("training", "measuring")
]  # `python -m model.evaluate` finds the command in its room
