"""What suits this machine: how many workers, and how many threads for each one's model."""

import os
from pathlib import Path

from engine.hardware import has_gpu_driver, model_threads, usable_cores

_MOST, _MEMORY_EACH = 4, 2 * 1024**3
_CGROUP = Path("/sys/fs/cgroup/memory.max")


def suitable_workers() -> int:
    """One for each core, up to four, where there are two gigabytes for each; one with a GPU."""
    if has_gpu_driver():
        return 1
    return max(1, min(_MOST, usable_cores(), usable_memory() // _MEMORY_EACH))


def threads_of_each(workers: int) -> int:
    """Threads of the model of each of several workers that share the cores."""
    return model_threads(usable_cores() // workers)


def usable_memory(limit: Path = _CGROUP) -> int:
    """Bytes that the processes of this machine, or of this container, may take together."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    allowed = limit.read_text().strip() if limit.is_file() else ""
    return min(whole, int(allowed)) if allowed.isdigit() else whole
