"""Models that were made elsewhere, asked the same questions as our own: `load_model(folder or id)`.

The adapter needs the extra `headlight[models]`; none of it is imported before a model that is not ours is asked for.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from model.instrument.checkpoint import CONFIG, CheckpointError, checkpoint_folder, read_object
from model.instrument.pretrained import LanguageReader, RecurrentTranslator, Translator, load_pretrained

if TYPE_CHECKING:
    from model.huggingface.reader import Reader


def is_foreign(name: str | Path) -> bool:
    """Whether a name is not that of a checkpoint of ours: a folder in the layout of Hugging Face, or `owner/name` on its hub."""
    folder = checkpoint_folder(name)
    try:
        if (folder / CONFIG).is_file():
            return "model_type" in read_object(folder / CONFIG, "Give a whole folder.")
    except (OSError, ValueError):  # longer than the system allows, or with a character that no name has
        return False
    return not folder.is_dir() and str(name).count("/") == 1 and not str(name).startswith((".", "/", "~"))


def load_model(name: str | Path, device: str | None = None) -> Translator | RecurrentTranslator | LanguageReader | Reader:
    """Any model, for the same questions: `.anatomy`, `.trace(text, target=None, intervention=...)`, `.generate(text)`.

    name: a checkpoint in pretrained/, a folder of ours or of Hugging Face, or the id of a model on its hub (which is downloaded,
    unless HF_HUB_OFFLINE is set). Raises CheckpointError, in words, for a model that cannot be read or that is built in a way that
    nothing here can look into; DeviceError for a device that is not there.
    """
    if not is_foreign(name):
        return load_pretrained(name, device)
    if reason := lacking(name):
        raise CheckpointError(reason)
    from model.huggingface.opening import open_reader

    return open_reader(name, device)


def lacking(name: str | Path) -> str:
    """What is not installed and would be needed to read a model that is not ours, as a sentence; empty where all is there."""
    there = find_spec("transformers") is not None
    return "" if there else f'{name} is not a model of ours: to read it, pip install "headlight[models]".'
