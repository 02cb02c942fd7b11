"""What was stored beside a checkpoint, read once for all sessions: what its heads do, which one aligns, its timeline, how deep it can go.

A file that is damaged is left out, and a notice says so: the page shows everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from model import Translator
from model.analysis.reader import AnyReader
from model.analysis.roles import HeadMeasures
from model.corpus.sheets import FILE, Sheets, load_sheets
from model.corpus.weights import weights_hash
from model.instrument.beside import neighbours, siblings
from model.instrument.checkpoint import CheckpointError
from model.measuring.alignment import load_alignment
from model.measuring.coreference_record import Coreference, load_coreference
from model.measuring.depth import Depth, load_depth
from model.measuring.roles import load_roles
from model.measuring.timeline import Moment, load_timeline
from model.transformer.config import Config
from viz.page.caches import cached, loaded

T = TypeVar("T")
MOST_CHECKPOINTS = 16  # whose measurements stay in memory, moments of a training among them


@dataclass(frozen=True, eq=False)
class Stored:
    """The measurements of one checkpoint's weights."""

    roles: HeadMeasures | None = None
    alignment: tuple[int, int, float] | None = None  # (layer, head, error rate): the cross-attention head that aligns words best
    moments: tuple[Moment, ...] = ()
    coreference: Coreference | None = None  # what "it" becomes
    depth: Depth | None = None  # what inputs the model is used to
    sheets: Sheets | None = None  # what its heads do over a whole text
    notices: tuple[str, ...] = ()  # what was left out, and why


@lru_cache(MOST_CHECKPOINTS)  # asked several times in every run, so by values that are hashed at once
def _stored(folder: str, weights: str, config: Config) -> Stored:
    notices: list[str] = []

    def read(load: Callable[[Path, str, Config], T], nothing: T) -> T:
        try:
            return load(Path(folder), weights, config)
        except CheckpointError as error:
            notices.append(str(error))
            return nothing

    nothing: list[Moment] = []
    return Stored(
        roles=read(load_roles, None),
        alignment=read(load_alignment, None),
        moments=tuple(read(load_timeline, nothing)),
        coreference=load_coreference(Path(folder), weights),
        depth=read(load_depth, None),
        sheets=read(lambda path, sha256, config: load_sheets(path, sha256, config.anatomy()), None),
        notices=tuple(notices),
    )


def stored(translator: AnyReader) -> Stored:
    """What lies beside the folder that a translator of ours was loaded from; of any other model its sheets alone."""
    if not isinstance(translator, Translator):
        return _sheets_of(translator)
    weights = translator.about.get("weights_sha256")
    return _stored(str(translator.folder), weights, translator.model.config) if translator.folder and weights else Stored()


@loaded(max_entries=4)
def _sheets_of(reader: AnyReader) -> Stored:
    """Hashing the weights takes a while, so only where there are sheets that may be theirs."""
    if reader.folder is None or not (reader.folder / FILE).is_file():
        return Stored()
    try:
        return Stored(sheets=load_sheets(reader.folder, weights_hash(reader), reader.anatomy))
    except CheckpointError as error:
        return Stored(notices=(str(error),))


@cached
def siblings_of(folder: str) -> tuple[dict[str, str], list[str]]:
    """See `model.beside.siblings`: ({folder name: kind of positions}, notices)."""
    return siblings(folder)


@cached
def neighbours_of(folder: str) -> dict[str, str]:
    """See `model.beside.neighbours`: {folder name: architecture}."""
    return neighbours(folder)
