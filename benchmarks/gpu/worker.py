"""Decode, model, draw: the steps and the pipeline of a worker, with the queue and the photos in
memory, so that neither Redis nor a disk is waited for."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

import torch

from benchmarks.common.drain import a_job, drain
from benchmarks.scale.blobs import NullBlobs
from benchmarks.stages import AIMED_AT, PHOTOS, photo
from engine.photos.resize import use_calling_thread
from engine.runtimes.base import Precision, RuntimeChoice
from jobs.ports import Claim, JobStatus, Outcome
from jobs.records.job import State
from models.catalog import Catalog
from pictures.decoding.decoder_pool import DecoderPool
from workers.allocator import keep_freed_memory
from workers.explainers import Explainers, explainer_options
from workers.job_steps import JobSteps, WorkItem
from workers.pipeline import _THREADS
from workers.settings import WorkerSettings

AIM = 0.8
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")


class OnePhoto(NullBlobs):
    """Every job's photo; what is stored is dropped."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def get(self, job_id: str, name: str) -> bytes:  # noqa: ARG002 -- as the others
        return self._data


class FilledQueue:
    """A WorkQueue in memory with so many jobs, none of which is lost or canceled."""

    def __init__(self, model: str, jobs: int) -> None:
        self._waiting = [claim_of(model) for _ in range(jobs)]
        self.ended: dict[State, int] = {}

    def claim(self, most: int, *, busy: bool = False) -> list[Claim]:  # noqa: ARG002 -- never alone
        taken, self._waiting = self._waiting[:most], self._waiting[most:]
        return taken

    def status_of(self, job_id: str) -> JobStatus | None:  # noqa: ARG002 -- all are alike
        return JobStatus(State.RUNNING, 1, erased=False)

    def finish(self, claim: Claim, outcome: Outcome) -> State | None:  # noqa: ARG002 -- no record
        self.ended[outcome.state] = self.ended.get(outcome.state, 0) + 1
        return outcome.state

    def postpone(self, claim: Claim, in_all: float) -> bool:  # noqa: ARG002 -- it has to end
        return False

    def retry(self, claim: Claim) -> bool:  # noqa: ARG002 -- it has to end
        return False

    def count_waiting(self) -> int:
        return len(self._waiting)

    def renew(self, claims: Sequence[Claim]) -> int:
        return len(claims)

    def stand_by(self, worker: str, seconds: float) -> bool:  # noqa: ARG002 -- no job follows
        return False

    def release(self, claims: Sequence[Claim]) -> None: ...
    def begin_work(self, worker: str) -> None: ...
    def hand_on(self, worker: str) -> None: ...
    def reap(self) -> None: ...
    def heartbeat(self, worker: str) -> None: ...
    def deregister(self, worker: str) -> None: ...


def claim_of(model: str) -> Claim:
    job = a_job()
    facts = job.model.model_copy(update={"id": model})
    return Claim(job.model_copy(update={"model": facts, "state": State.RUNNING, "attempts": 1}))


def measure(model: str, device: torch.device, precision: Precision, jobs: int) -> dict[str, Any]:
    """Photos a second of decoding alone, of the model alone and of the whole; how much of the
    whole's time the model ran."""
    keep_freed_memory()
    use_calling_thread()
    runtime: RuntimeChoice = "torch" if device.type == "cuda" else "auto"
    options = explainer_options(WorkerSettings(precision=precision, runtime=runtime))
    explainers = Explainers(Catalog(), str(device), None, options)
    explainer, batch = explainers[model], explainers.batch_of(model)
    queue, blobs = FilledQueue(model, jobs), OnePhoto(photo(*PHOTOS[AIMED_AT]))
    with DecoderPool() as decoders:
        steps = JobSteps(queue, blobs, explainers, decoders.decode)
        decoded = decode_alone(steps, model, max(batch, jobs // 2))
        explained = model_alone(
            steps, [steps.load(WorkItem(claim_of(model))) for _ in range(batch)]
        )
        found = drain(queue, steps, jobs, explainers.max_claims)
    if queue.ended != {State.SUCCEEDED: jobs}:
        raise RuntimeError(f"of {jobs} jobs ended: {queue.ended}")
    slower = min(decoded, explained)
    rates = {"decode": decoded, "model": explained, "whole": found["jobs_per_second"]}
    labels = {"model": model, "precision": explainer.precision, "batch": batch, "jobs": jobs}
    return (
        labels
        | {f"{name}_per_second": round(rate, 1) for name, rate in rates.items()}
        | {
            "of_the_slower": round(found["jobs_per_second"] / slower, 3),
            "model_busy": round(found["model"], 3),
            "cores": round(found["cores"], 3),
        }
    )


def decode_alone(steps: JobSteps, model: str, count: int) -> float:
    """Photos a second, on as many threads as a worker has, from bytes to the model's square."""
    items = [WorkItem(claim_of(model)) for _ in range(count)]
    with ThreadPoolExecutor(_THREADS) as threads:
        list(threads.map(steps.load, items[:_THREADS]))
        start = perf_counter()
        for item in threads.map(steps.load, items):
            item.photo = item.square = None
        return count / (perf_counter() - start)


def model_alone(steps: JobSteps, items: Sequence[WorkItem], times: int = 5) -> float:
    """Photos a second of decoded photos, in the batches of a worker."""
    steps.explain(items)
    start = perf_counter()
    for _ in range(times):
        steps.explain(items)
    return times * len(items) / (perf_counter() - start)
