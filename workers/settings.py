"""Settings of a worker process."""

from typing import Annotated

from pydantic import Field

from jobs.settings import SharedSettings


class WorkerSettings(SharedSettings):
    """`CROPSHIELD_…` variables that only workers read, beside the shared ones."""

    device: str = "auto"
    """`auto` (CUDA where there is one), `cpu`, `cuda`, `cuda:1`, …"""
    batch_size: Annotated[int, Field(ge=1, le=256)] = 16
    """Most photos in one forward pass."""
    batch_deadline_seconds: Annotated[float, Field(ge=1)] = 120.0
    """A batch that takes longer is taken for hung: the process ends, its jobs are recovered."""
    warm_models: tuple[str, ...] = ("cropshield_cnn",)
    """Models that are loaded and tried before the worker reports for work."""
