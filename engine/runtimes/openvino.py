"""Models with a pooled linear head as OpenVINO graphs: logits and feature maps in one call.

OpenVINO is an extra (`cropshield[graph]`); without it everything runs in torch.
"""

import os
import sys
import threading
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.cam.closed_form import Array, LinearHeadOutput
from pictures.blend import Box

# OpenVINO reports each import to its makers; without this module it does not.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
import openvino  # noqa: E402


@cache
def core() -> Any:
    """OpenVINO's core: one for the process, never released. Each core gives the thread that
    compiles first a signal stack. When two cores are released in the wrong order, a freed stack
    stays in use, and the next signal that Python handles, such as SIGCHLD, ends the process."""
    return openvino.Core()


class OpenVINORuntime:
    """A compiled graph with a request of its own for each thread, so that threads never see each
    other's results.

    `graph`: an OpenVINO model; `weights`: of its head, (classes, K); `threads` 0: all cores that
    the process may use.
    """

    name = "graph"

    def __init__(self, graph: Any, weights: Array, half: bool = False, threads: int = 0) -> None:
        self.half, self._weights = half, weights
        self._compiled = core().compile_model(graph, "CPU", _settings(half, threads))
        self._requests = threading.local()

    def forward(self, batch: Array) -> LinearHeadOutput:
        """One call for logits and activations."""
        if not hasattr(self._requests, "own"):
            self._requests.own = self._compiled.create_infer_request()
        request = self._requests.own
        # As `prepare` laid them out: nothing is copied.
        pixels = np.ascontiguousarray(batch.transpose(0, 2, 3, 1))
        request.infer([pixels], share_inputs=True)
        logits, maps = (request.get_output_tensor(i).data.copy() for i in (0, 1))
        return LinearHeadOutput(logits, maps, self._weights)


class GraphFile:
    """A file that `cropshield models export` wrote. Beside logits and maps it gives two constants,
    the weights of the head and `box`, what the maps stand for.

    Raises RuntimeError, OpenVINO's own, for a file that it cannot read.
    """

    def __init__(self, path: Path) -> None:
        self._graph = take_channels_last(core().read_model(path))
        self._weights, box = (self._constant(name) for name in ("weights", "box"))
        self.box = Box(*box.tolist())

    def runtime(self, *, half: bool, threads: int) -> OpenVINORuntime:
        """Compiled for this CPU."""
        return OpenVINORuntime(self._graph, self._weights, half, threads)

    def _constant(self, name: str) -> Array:
        node = self._graph.output(name).get_node().input_value(0).get_node()
        return np.array(node.data, np.float32)


def take_channels_last(graph: Any) -> Any:
    """The graph with an input (N, side, side, 3), as `prepare` lays photos out."""
    steps = openvino.preprocess.PrePostProcessor(graph)
    steps.input().tensor().set_layout(openvino.Layout("NHWC"))
    steps.input().model().set_layout(openvino.Layout("NCHW"))
    return steps.build()


def _settings(half: bool, threads: int) -> dict[str, Any]:
    return {
        "INFERENCE_NUM_THREADS": threads or usable_cores(),
        "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
        "NUM_STREAMS": 1,
        # Pinned, every process of one thread would sit on the same core.
        "ENABLE_CPU_PINNING": False,
    }


def usable_cores() -> int:
    """Cores that this process may run on."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1
