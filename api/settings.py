"""Settings of the API process."""

from typing import Annotated

from pydantic import Field

from jobs.settings import SharedSettings
from pictures.header import MAX_PIXELS


class ApiSettings(SharedSettings):
    """`CROPSHIELD_…` variables that only the API reads, beside the shared ones."""

    max_bytes: Annotated[int, Field(ge=1024)] = 20_000_000
    """Most bytes of a photo."""
    max_pixels: Annotated[int, Field(ge=1024)] = MAX_PIXELS
    """Most pixels of a photo, by its header."""
    queue_bound: Annotated[int, Field(ge=1)] = 10_000
    """Most jobs that may wait; beyond it 503."""
    max_wait_seconds: Annotated[float, Field(ge=0)] = 25.0
    """Longest long-poll that `Prefer: wait=N` gets."""
    sweep_seconds: Annotated[float, Field(ge=1)] = 600.0
    """How often what no job needs any more is looked for and erased."""
