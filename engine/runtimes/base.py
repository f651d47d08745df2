"""The interface of a runtime, and its options."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from torch import Tensor

from engine.cam.forward import ForwardPass

RuntimeChoice = Literal["auto", "torch", "graph"]
Precision = Literal["auto", "float32", "bfloat16"]


class Runtime(Protocol):
    """Runs a batch, float32 (N, 3, size, size) on the CPU. Safe to use from several threads."""

    @property
    def name(self) -> str: ...
    @property
    def half(self) -> bool:
        """Whether the layers up to the target layer run in bfloat16."""

    def forward(self, batch: Tensor) -> ForwardPass: ...


@dataclass(frozen=True)
class RuntimeOptions:
    """`threads`: of a graph; 0 for all cores that the process may use. `cache`: the folder of
    exported graphs, by default the user's."""

    runtime: RuntimeChoice = "auto"
    precision: Precision = "float32"
    threads: int = 0
    cache: Path | None = None
