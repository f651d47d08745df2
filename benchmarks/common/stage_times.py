"""Runs the steps of a worker, of whatever version is on the path, over photos that it is told.

    python -P benchmarks/common/stage_times.py MODEL

Each line that comes in is a photo's file; each line that goes out says, in JSON, how many
milliseconds of processor time its job took, part by part. Started by `benchmarks.stages`. It knows
of a version no more than `JobSteps` and the names of what is called within, so that versions whose
modules have other names can be compared.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import wraps
from pathlib import Path
from types import SimpleNamespace
from typing import Any

TOTAL, OTHER = "total", "the rest"
PARTS: dict[str, tuple[str, ...]] = {
    "decode": (
        "workers.job_steps.decode_for",
        "workers.stages.decode_for",
        "workers.stages.decode",
    ),
    "prepare": (
        *("engine.explainer.prepare", "workers.job_steps.stretch"),
        *("workers.stages.stretch", "workers.results.stretch"),
    ),
    "model": (),
    "maps and verdict": ("engine.explainer.Explainer.explain",),
    "render": ("workers.results.render_overlay",),
    "encode overlay": (),
    "encode photo": ("workers.results.encode",),
    "leaf mask": ("workers.results.shrink", "workers.results.leaf_mask"),
    "affected share": ("workers.results._affected_share",),
}
_OPTIONS = {
    "top_k": 1,
    "class_index": None,
    "class_name": None,
    "method": "gradcam",
    "colormap": "jet",
    "alpha": 0.5,
    "overlay_format": "jpeg",
}


class Clock:
    """Milliseconds of processor time by part; of a part within another one, only the inner."""

    def __init__(self) -> None:
        self.taken: dict[str, float] = {}
        self._overlay: Any = None
        self._open: list[str] = []
        self._since = time.process_time()

    def _book(self) -> None:
        now = time.process_time()
        part = self._open[-1] if self._open else OTHER
        self.taken[part] = self.taken.get(part, 0.0) + 1000 * (now - self._since)
        self._since = now

    def around(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def timed(*args: Any, **keywords: Any) -> Any:
            self._book()
            self._open.append("encode overlay" if args[0] is self._overlay else part)
            try:
                made = function(*args, **keywords)
                self._overlay = made if part == "render" else None
                return made
            finally:
                self._book()
                self._open.pop()

        return timed

    def take(self) -> dict[str, float]:
        """What was booked, and all of it together; begins anew."""
        self._book()
        taken, self.taken = self.taken, {}
        return {part: round(spent, 4) for part, spent in taken.items()} | {
            TOTAL: round(sum(taken.values()), 4)
        }


class MemoryBlobs(dict[str, bytes]):
    """The blobs of one job."""

    def get(self, _: str, name: str) -> bytes:  # type: ignore[override]
        return self[name]

    def put_all(self, _: str, blobs: dict[str, bytes]) -> None:
        self.update(blobs)

    def delete(self, _: str, name: str) -> None:
        self.pop(name, None)

    def erase(self, _: str) -> None:
        self.clear()


class OneJobQueue:
    """Takes any end, and remembers it."""

    def __init__(self) -> None:
        self.outcome: Any = None

    def status_of(self, _: str) -> Any:
        return SimpleNamespace(is_of=lambda *_: True)

    standing = status_of  # in version 0.2

    def finish(self, _: Any, outcome: Any) -> Any:
        self.outcome = outcome
        return outcome.state


def _run_at_once(_: ThreadPoolExecutor, function: Callable[..., Any], *args: Any) -> Future[Any]:
    """`submit` without a thread, so that one part is under way at a time."""
    future: Future[Any] = Future()
    future.set_result(function(*args))
    return future


def install(clock: Clock) -> None:
    """Have the parts that this version has measured; the first name of a part that is there."""
    ThreadPoolExecutor.submit = _run_at_once  # type: ignore[assignment, method-assign]
    for part, places in PARTS.items():
        for place in places:
            owner_name, _, name = place.rpartition(".")
            if (owner := _owner(owner_name)) is not None and hasattr(owner, name):
                setattr(owner, name, clock.around(part, getattr(owner, name)))


def _owner(name: str) -> Any:
    """A module, or a class of one."""
    try:
        return importlib.import_module(name)
    except ImportError:
        module, _, attribute = name.rpartition(".")
        return getattr(importlib.import_module(module), attribute, None) if module else None


def job_steps(model: str, queue: OneJobQueue, blobs: MemoryBlobs, clock: Clock) -> tuple[Any, str]:
    """The worker's steps with a warm model of one thread, and what it runs in."""
    import cv2

    from models.catalog import Catalog
    from workers.settings import WorkerSettings

    cv2.setNumThreads(1)
    loading = importlib.import_module("workers.explainers")
    module = _steps_module()
    options_of = getattr(loading, "explainer_options", None) or loading.options_of
    options = options_of(WorkerSettings(threads=1))
    explainers = loading.Explainers(Catalog(), "cpu", None, options)
    explainer = explainers[model]
    runtime = explainer._runtime
    method = "forward" if hasattr(runtime, "forward") else "look"
    object.__setattr__(runtime, method, clock.around("model", getattr(runtime, method)))
    card, way = explainer.card, f"{explainer.runtime} {explainer.precision}"
    how = f"{model} {card.version}, {card.preprocessing.size} pixels, {way}"
    steps = getattr(module, "JobSteps", None) or module.Stages
    return steps(queue, blobs, explainers), how


def _steps_module() -> Any:
    """Of this version, or of an older one."""
    try:
        return importlib.import_module("workers.job_steps")
    except ModuleNotFoundError:
        return importlib.import_module("workers.stages")


def main() -> None:
    model, clock, queue, blobs = sys.argv[1], Clock(), OneJobQueue(), MemoryBlobs()
    install(clock)
    made, how = job_steps(model, queue, blobs, clock)
    module = _steps_module()
    item_class = getattr(module, "WorkItem", None) or module.Item
    job = SimpleNamespace(
        id="a" * 32,
        options=SimpleNamespace(**_OPTIONS),
        model=SimpleNamespace(id=model),
        attempts=1,
    )
    load, finish = (
        getattr(made, new, None) or getattr(made, old)
        for new, old in (("load", "decode"), ("finish", "end"))
    )
    claim = SimpleNamespace(job=job, attempt=1, is_suspect=False, is_only_job=False)
    answer(how)
    for line in sys.stdin:
        blobs["original"] = Path(line.strip()).read_bytes()
        item = item_class(claim)
        clock.take()
        load(item)
        made.explain([item])
        finish(item)
        taken = clock.take()
        if queue.outcome.error:
            raise SystemExit(f"the job failed: {queue.outcome.error}")
        answer(taken)


def answer(document: Any) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
