"""Who counts the shards: processes on this machine, or actors of Ray Data on one machine or many. Both give the same statistics."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

from model.corpus.run import Engine, Job, Results, Worker
from model.corpus.text import Shard

INSTALL = 'pip install "headlight[cluster]"'
_worker: Worker | None = None  # of a process of the pool


def local(job: Job, shards: list[Shard], workers: int) -> Results:
    """Processes of this machine. One that is killed is replaced, and its shard counted by another; ValueError where none lives."""
    left = {shard.number: shard for shard in shards}
    while left:
        before = len(left)
        try:
            for number, content in _pool(job, list(left.values()), workers):
                del left[number]
                yield number, content
        except BrokenProcessPool as error:
            if len(left) == before:
                raise ValueError(
                    "The processes that count were ended before any had counted a shard: too little memory? Try fewer --workers."
                ) from error


def _pool(job: Job, shards: list[Shard], workers: int) -> Results:
    """As many processes as there is work for; what they count as soon as it is there."""
    with ProcessPoolExecutor(min(workers, len(shards)), get_context("spawn"), _open, (job,)) as pool:
        try:
            tasks = [pool.submit(_count, shard) for shard in shards]
            for task in as_completed(tasks):
                yield task.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _open(job: Job) -> None:
    global _worker
    _worker = Worker(job)


def _count(shard: Shard) -> tuple[int, bytes]:
    assert _worker is not None  # `_open` has run in this process
    return shard.number, _worker.count(shard)


def ray(job: Job, shards: list[Shard], workers: int) -> Results:
    """A pool of actors of Ray Data, which restarts an actor that is lost and counts its shard again. The cluster is that of RAY_ADDRESS, or this machine.

    Every machine needs the text and the model under the same names. Raises ValueError where Ray is not installed.
    """
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ValueError(f"--engine ray needs Ray: {INSTALL}.") from error
    if not ray.is_initialized():
        ray.init(address=os.environ.get("RAY_ADDRESS"), log_to_driver=False, include_dashboard=False)
    ray.data.DataContext.get_current().enable_progress_bars = False  # they are drawn many times a second; the command has its own
    pool: Any = ray.data.ActorPoolStrategy(size=min(workers, len(shards)))
    on_gpu = job.device not in ("cpu", None) or (job.device is None and ray.cluster_resources().get("GPU", 0) > 0)
    data = ray.data.from_items([{"shard": shard.number} for shard in shards], override_num_blocks=len(shards))
    counted = data.map_batches(
        ShardCounter, batch_size=1, fn_constructor_args=(job,), compute=pool, num_cpus=1, num_gpus=1 if on_gpu else None
    )
    yield from _rows(counted)


def _rows(counted: Any) -> Iterator[tuple[int, bytes]]:
    for row in counted.iter_rows():
        yield int(row["shard"]), bytes(row["statistics"])


class ShardCounter:
    """An actor: opens the model once, then counts the shards that it is handed."""

    def __init__(self, job: Job) -> None:
        self.shards = {shard.number: shard for shard in job.text.shards}
        self.worker = Worker(job)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Numbers of shards -> the same, with the statistics of each as bytes."""
        return {"shard": batch["shard"], "statistics": [self.worker.count(self.shards[int(number)]) for number in batch["shard"]]}


ENGINES: dict[str, Engine] = {"local": local, "ray": ray}
