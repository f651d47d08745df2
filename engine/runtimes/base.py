"""The interface of a runtime, and its options."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from engine.cam.array_output import Array, Cams
from pictures.maps import Box

RuntimeChoice = Literal["auto", "torch", "graph"]
Precision = Literal["auto", "float32", "bfloat16"]


class RuntimeOutput(Protocol):
    """The result of a forward pass of N photos, in NumPy; `engine.cam.closed_form.LinearHeadOutput`
    is one."""

    @property
    def logits(self) -> Array:
        """float32 (N, classes)."""

    def pooled(self) -> Array:
        """The mean of each of the target layer's maps, float32 (N, K)."""

    def cams(self, photos: Sequence[int], classes: Sequence[int], methods: Sequence[str]) -> Cams:
        """The maps of all pairs of photo and class, each by its own method."""


class Runtime(Protocol):
    """Runs a batch, float32 (N, 3, size, size). Safe to use from several threads."""

    @property
    def name(self) -> str: ...
    @property
    def half(self) -> bool:
        """Whether the layers up to the target layer run in bfloat16."""

    def forward(self, batch: Array) -> RuntimeOutput: ...


@dataclass(frozen=True)
class RuntimeOptions:
    """`threads`: of a graph; 0 for all cores that the process may use. `threads_alone`: of a card's
    graph for photos that are alone, where they are more than `threads`. `cache`: the folder of
    exported graphs, by default the user's, and of what was found out about a graph: without one
    that is found out at each load."""

    runtime: RuntimeChoice = "auto"
    precision: Precision = "float32"
    threads: int = 0
    threads_alone: int = 0
    cache: Path | None = None


@dataclass(frozen=True)
class Selected:
    """A runtime on `device` ("cpu", "cuda:0", …). `box`: the part of the photo that the maps cover.
    `on_cpu` makes a runtime for batches that do not fit into a GPU's memory. `alone`: one with more
    threads, for a photo while nothing else needs the cores."""

    runtime: Runtime
    device: str
    box: Box
    on_cpu: Callable[[], Runtime] | None = None
    alone: Runtime | None = None
