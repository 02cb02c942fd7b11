"""A run over a text: which shards there are, who counts them, and the files by which it stops and goes on.

An engine is a function from a Job and the shards that are left to (shard, its statistics as bytes), in any order. What it yields is written at
once under the shard's number, in one step, so that a run that is stopped anywhere goes on with the next shard.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from model.corpus.counting import count_lines
from model.corpus.examples import Examples
from model.corpus.statistics import HeadStatistics, TokenTotals, nothing, sizes, token_sizes
from model.corpus.text import Shard, Text, read_shard
from model.corpus.weights import weights_hash
from model.huggingface import load_model
from model.trace.anatomy import Anatomy

VERSION = 1  # of what is counted; another one does not go on with a run of this one
Results = Iterator[tuple[int, bytes]]


@dataclass(frozen=True)
class Job:
    """What is counted, by which model: all that a process, or a machine, has to know."""

    model: str  # a checkpoint's name, or a folder
    device: str | None
    text: Text
    weights_sha256: str

    @property
    def identity(self) -> tuple[str, str]:
        """Hashes of weights and text."""
        return self.weights_sha256, self.text.sha256


Engine = Callable[[Job, list[Shard], int], Results]


class Worker:
    """A model in a process of its own, on one thread, which counts one shard after the other."""

    def __init__(self, job: Job) -> None:
        torch.set_num_threads(1)  # the processes share the cores, and a sum is the same in all of them
        self.job, self.reader = job, load_model(job.model, job.device)
        if weights_hash(self.reader) != job.weights_sha256:
            raise ValueError(
                f"{job.model} has other weights here than where the run was started. Copy the same files to every machine."
            )

    def count(self, shard: Shard) -> bytes:
        """The statistics of a shard, packed."""
        return pack(count_lines(self.reader, read_shard(shard), self.job.identity, shard.number))


# -- files --------------------------------------------------------------------------------------------------------------


class Folder:
    """The folder of a run: what it counts, a file for every shard that is done, and the results."""

    def __init__(self, path: Path, job: Job, anatomy: Anatomy) -> None:
        """Raises ValueError, in words, for a folder with another run in it."""
        self.path, self.job, self.anatomy = path, job, anatomy
        self.shards = path / "shards"
        self.shards.mkdir(parents=True, exist_ok=True)
        about = {
            "version": VERSION,
            "weights_sha256": job.weights_sha256,
            "text_sha256": job.text.sha256,
            "shards": len(job.text.shards),
        }
        file = path / "run.json"
        if file.exists() and json.loads(file.read_text(encoding="utf-8")) != about:
            raise ValueError(
                f"{path} holds a run over another text, or of another model. Name another folder with --out, or delete it."
            )
        write(file, json.dumps(about, indent=1).encode())

    def file(self, number: int) -> Path:
        """Where the statistics of a shard lie."""
        return self.shards / f"{number:06d}.bin"

    @property
    def left(self) -> list[Shard]:
        """The shards that no file is there for."""
        return [shard for shard in self.job.text.shards if not self.file(shard.number).exists()]

    def keep(self, results: Results) -> Iterator[int]:
        """Write every result as it comes; yields its shard."""
        for number, content in results:
            write(self.file(number), content)
            yield number

    def statistics(self) -> HeadStatistics:
        """All shards that are done, together. Raises ValueError that names a damaged file."""
        empty = nothing(*self.job.identity, self.anatomy)
        return reduce(HeadStatistics.merge, self._each(), empty)

    def _each(self) -> Iterable[HeadStatistics]:
        for path in sorted(self.shards.glob("*.bin")):
            try:
                yield unpack(path.read_bytes(), self.anatomy)
            except (ValueError, KeyError, zlib.error, SafetensorError) as error:
                raise ValueError(
                    f"{path} is damaged ({error}). Delete it, and run the same command again: only it is counted anew."
                ) from error


def write(path: Path, content: bytes) -> None:
    """A file that is there as a whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


# -- statistics as bytes ------------------------------------------------------------------------------------------------


def pack(statistics: HeadStatistics) -> bytes:
    """Without pickle: whole numbers by name, deflated."""
    tensors = {
        "shards": torch.tensor(sorted(statistics.shards)),
        "texts": torch.tensor([statistics.texts, statistics.refused]),
    }
    for kind in statistics.anatomy.kinds:
        tokens = statistics.tokens[kind.name]
        tensors[f"{kind.name}.ids"], tensors[f"{kind.name}.examples"] = tokens.ids, statistics.examples[kind.name].entries
        tensors |= {f"{kind.name}.total.{name}": total for name, total in statistics.totals[kind.name].items()}
        tensors |= {f"{kind.name}.token.{name}": total for name, total in tokens.totals.items()}
    hashes = {"weights_sha256": statistics.weights_sha256, "text_sha256": statistics.text_sha256}
    about = json.dumps(hashes).encode()
    body = save({name: tensor.contiguous() for name, tensor in tensors.items()})
    return zlib.compress(len(about).to_bytes(4, "little") + about + body, 1)


def unpack(content: bytes, anatomy: Anatomy) -> HeadStatistics:
    """What `pack` made. Raises ValueError, KeyError, zlib.error or SafetensorError for anything else."""
    plain = zlib.decompress(content)
    length = int.from_bytes(plain[:4], "little")
    hashes: dict[str, Any] = json.loads(plain[4 : 4 + length])
    tensors = load(plain[4 + length :])
    texts, refused = tensors["texts"].tolist()
    totals, tokens, examples = {}, {}, {}
    for kind in anatomy.kinds:
        name = kind.name
        totals[name] = {what: tensors[f"{name}.total.{what}"] for what in sizes(anatomy, kind)}
        tokens[name] = TokenTotals(tensors[f"{name}.ids"], {what: tensors[f"{name}.token.{what}"] for what in token_sizes(kind)})
        examples[name] = Examples(tensors[f"{name}.examples"])
    shards = frozenset(tensors["shards"].tolist())
    return HeadStatistics(
        hashes["weights_sha256"], hashes["text_sha256"], anatomy, shards, texts, refused, totals, tokens, examples
    )
