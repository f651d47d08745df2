"""What each kind of process takes, and which of them is full."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import psutil

FULL, SCALES = 0.9, 0.9
"""From this share of its time on a process, or of them all the cores, is full; a rate above this
share of what the workers could do alone grows with them."""
_SAMPLE_SECONDS = 0.01
_IDLE = {psutil.STATUS_SLEEPING, psutil.STATUS_IDLE}
Processes = Mapping[str, Sequence["psutil.Process"]]


@dataclass(frozen=True)
class Load:
    """Of one window. `busy`: by kind, the share of the time in which the main thread of its busiest
    process did not sleep: it ran, waited for a core, or for the disk as Redis does with each fsync.
    `cpu_ms`: by kind, milliseconds of processor time a job. `cores`: the share of all cores of the
    machine that was busy, with whatever else runs on it."""

    jobs_per_second: float
    busy: dict[str, float]
    cpu_ms: dict[str, float]
    cores: float


def measure(processes: Processes, ended: Callable[[], int], seconds: float) -> Load:
    """Watch for so long, from the outside."""
    spent, cores, jobs, begun = _spent(processes), _cores(), ended(), time.perf_counter()
    awake, samples = {kind: [0] * len(own) for kind, own in processes.items()}, 0
    while time.perf_counter() < begun + seconds:
        for kind, own in processes.items():
            for number, process in enumerate(own):
                awake[kind][number] += process.status() not in _IDLE
        samples += 1
        time.sleep(_SAMPLE_SECONDS)
    wall, done = time.perf_counter() - begun, ended() - jobs
    later = _spent(processes)
    used, every = (after - before for before, after in zip(cores, _cores(), strict=True))
    return Load(
        jobs_per_second=done / wall,
        busy={kind: max(counts) / samples for kind, counts in awake.items()},
        cpu_ms={kind: 1000 * (later[kind] - spent[kind]) / max(1, done) for kind in processes},
        cores=used / every,
    )


def what_is_full(load: Load, alone: float) -> str:
    """Why no more jobs end in a second; `alone`: what the workers could do alone."""
    if load.jobs_per_second >= SCALES * alone:
        return "the workers"
    if load.cores >= FULL:
        return "the cores"
    full = {kind: share for kind, share in load.busy.items() if share >= FULL}
    return max(full, key=lambda kind: full[kind]) if full else "nothing: they wait for one another"


def _spent(processes: Processes) -> dict[str, float]:
    """Seconds of processor time so far, by kind."""
    return {kind: sum(sum(one.cpu_times()[:2]) for one in own) for kind, own in processes.items()}


def _cores() -> tuple[float, float]:
    """Seconds in which the cores were busy, and all of them."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    every = sum(times[:8])  # guests are counted twice
    return every - idle, every
