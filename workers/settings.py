"""Settings of a worker process."""

from typing import Annotated, Literal

from pydantic import Field

from jobs.settings import SharedSettings


class WorkerSettings(SharedSettings):
    """`CROPSHIELD_…` variables that only workers read, beside the shared ones."""

    device: str = "auto"
    """`auto` (CUDA where there is one), `cpu`, `cuda`, `cuda:1`, …"""
    runtime: Literal["auto", "torch", "graph"] = "auto"
    """`graph`: exported models on a CPU; `torch`: every model; `auto`: graphs where they fit."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """`auto`: bfloat16 where the processor and the model bear it, checked at load."""
    threads: Annotated[int, Field(ge=0, le=1024)] = 0
    """Threads of a model on a CPU; 0: one for every two cores that the process may use."""
    threads_alone: Annotated[int, Field(ge=0, le=1024)] = 0
    """Threads of a model on a CPU while only one photo waits or runs, where they are more than
    `threads`; 0: up to four of the cores, or `threads` where that is set."""
    batch_size: Annotated[int, Field(ge=0, le=256)] = 0
    """Most photos in one forward pass; 0: 16 on a CPU, 4 where a model has one thread of it, 64 on
    a GPU; fewer where a model's input is larger than 256 pixels."""
    lease_seconds: Annotated[float, Field(ge=1)] = 15.0
    """How long a claimed job stays with a worker that gives no sign of life."""
    batch_deadline_seconds: Annotated[float, Field(ge=1)] = 120.0
    """A batch that takes longer is taken for hung: the process ends, its jobs are recovered."""
    warm_models: tuple[str, ...] = ("cropshield_cnn",)
    """Models that are loaded and tried before the worker reports for work."""
