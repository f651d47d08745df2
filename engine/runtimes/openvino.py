"""Models as OpenVINO graphs: logits and feature maps in one call, maps without torch.

OpenVINO is an extra (`cropshield[graph]`); without it everything runs in torch.
"""

import copy
import sys
import threading
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.cam.array_output import Array
from engine.cam.closed_form import LinearHeadOutput
from engine.cam.numpy_methods import GradientOutput
from engine.hardware import cpu_flags, usable_cores
from engine.runtimes.base import RuntimeOutput
from pictures.maps import Box

# OpenVINO reports each import to its makers; without this module it does not.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
import openvino  # noqa: E402

from engine.runtimes.exact_start import keep_start_exact  # noqa: E402 - imports OpenVINO too


def platform_name() -> str:
    """Processor and release of OpenVINO: with others the numbers may be others."""
    name, flags = core().get_property("CPU", "FULL_DEVICE_NAME"), " ".join(sorted(cpu_flags()))
    return f"OpenVINO {openvino.__version__} on {name} ({flags})"


@cache
def core() -> Any:
    """OpenVINO's core: one for the process, never released. Each core gives the thread that
    compiles first a signal stack. When two cores are released in the wrong order, a freed stack
    stays in use, and the next signal that Python handles, such as SIGCHLD, ends the process."""
    return openvino.Core()


class _Compiled:
    """A compiled graph with a request of its own for each thread, so that threads never see each
    other's results."""

    def __init__(self, graph: Any, threads: int, *, half: bool = False) -> None:
        self._compiled = core().compile_model(graph, "CPU", _settings(half, threads))
        self._requests = threading.local()

    def __call__(self, *inputs: Array) -> list[Array]:
        """The outputs in order. The inputs are not copied."""
        if not hasattr(self._requests, "own"):
            self._requests.own = self._compiled.create_infer_request()
        request = self._requests.own
        request.infer(list(inputs), share_inputs=True)
        return [
            request.get_output_tensor(i).data.copy() for i in range(len(self._compiled.outputs))
        ]


NEAR_TIE = 0.5
"""A lead of the best logit over the next that bfloat16 may turn round: it has moved leads of
`cropshield_cnn` 11 by up to 0.19."""


class OpenVINORuntime:
    """A compiled graph. `threads` 0: all cores that the process may use.

    `half`: in bfloat16. Photos whose best logit then leads by less than `NEAR_TIE` are run once
    more by `exact`, the same graph in float32, so that the best class never depends on what
    bfloat16 rounds off; without one it is compiled here.

    `graph`: an OpenVINO model, (N, side, side, 3) -> logits and activations; `head`: the weights
    (classes, K) of a head that is pooling and one linear layer, or the gradients' graph of any
    other, activations (1, K, h, w) and a choice (1, classes) -> gradients.
    """

    name = "graph"

    def __init__(
        self,
        graph: Any,
        head: Any,
        half: bool = False,
        threads: int = 0,
        exact: "OpenVINORuntime | None" = None,
    ) -> None:
        self.half, self._takes_one = half, (threads or usable_cores()) == 1
        self._exact = exact
        if half and exact is None:
            self._exact = OpenVINORuntime(graph, head, threads=threads)
        graph = _for_one_photo(graph) if self._takes_one else graph
        graph = keep_start_exact(core(), graph) if half else graph
        self._graph, self._forward = graph, _Compiled(graph, threads, half=half)
        self._weights = head if isinstance(head, np.ndarray) else None
        self._backward = None if self._weights is not None else _Compiled(head, threads)

    def forward(self, batch: Array) -> RuntimeOutput:
        """Logits and activations."""
        # As `prepare` laid them out: nothing is copied.
        photos = np.ascontiguousarray(batch.transpose(0, 2, 3, 1))
        logits, maps = self._run(photos)
        if self._exact:
            for photo in np.flatnonzero(_lead(logits) < NEAR_TIE):
                (logits[photo],), (maps[photo],) = self._exact._run(photos[photo : photo + 1])
        if self._weights is not None:
            return LinearHeadOutput(logits, maps, self._weights)
        return GradientOutput(logits, maps, partial(self._gradient, logits.shape[1]))

    def on_threads(self, threads: int) -> "OpenVINORuntime":
        """The same with so many threads, for a photo at a time. What does not depend on them is
        shared."""
        other = copy.copy(self)
        other._forward, other._takes_one = _Compiled(self._graph, threads, half=self.half), True
        return other

    def _run(self, photos: Array) -> tuple[Array, Array]:
        """Logits and activations of photos, (N, side, side, 3): one after the other on one thread,
        whose cache holds the maps of one, else all in one call."""
        calls = np.split(photos, len(photos)) if self._takes_one else [photos]
        logits, maps = map(np.concatenate, zip(*map(self._forward, calls), strict=True))
        return logits, maps

    def _gradient(self, classes: int, activations: Array, index: int) -> Array:
        assert self._backward  # noqa: S101 - or the head is linear
        choice = np.zeros((1, classes), np.float32)
        choice[0, index] = 1
        (found,) = self._backward(np.ascontiguousarray(activations), choice)
        return found


class GraphFile:
    """A file that `cropshield models export` wrote (see `engine.runtimes.onnx_export`).

    `has_linear_head`: whether pooling and one linear layer follow the target layer; `box`: what a
    map stands for. Raises RuntimeError, OpenVINO's own, for a file that it cannot read.
    """

    def __init__(self, path: Path) -> None:
        # Folds batch norms and widened weights, which bfloat16 is the more exact for.
        model = openvino.convert_model(path)
        self._inputs = {node.get_friendly_name(): node for node in model.get_parameters()}
        self._outputs = {
            name: node for node in model.get_results() for name in node.input_value(0).get_names()
        }
        self.has_linear_head = "weights" in self._outputs
        self.box = Box(*self._constant("box").tolist())

    def runtime(
        self, *, half: bool, threads: int, exact: OpenVINORuntime | None = None
    ) -> OpenVINORuntime:
        """Compiled for this CPU; `exact` as in OpenVINORuntime."""
        forward = take_channels_last(self._part(["logits", "activations"], ["photos"]))
        head: Any
        if self.has_linear_head:
            head = self._constant("weights")
        else:
            head = self._part(["gradients"], ["maps", "choice"])
        return OpenVINORuntime(forward, head, half, threads, exact)

    def _part(self, outputs: list[str], inputs: list[str]) -> Any:
        """The part of the graph between them, a copy."""
        results = [self._outputs[name] for name in outputs]
        return openvino.Model(results, [self._inputs[name] for name in inputs]).clone()

    def _constant(self, name: str) -> Array:
        return np.array(self._outputs[name].input_value(0).get_node().data, np.float32)


def _lead(logits: Array) -> Array:
    """How far the best class of each photo is ahead, float32 (N,)."""
    ordered: Array = np.sort(logits, axis=1)
    return ordered[:, -1] - ordered[:, -2]


def take_channels_last(graph: Any) -> Any:
    """The graph with an input (N, side, side, 3), as `prepare` lays photos out."""
    steps = openvino.preprocess.PrePostProcessor(graph)
    steps.input().tensor().set_layout(openvino.Layout("NHWC"))
    steps.input().model().set_layout(openvino.Layout("NCHW"))
    return steps.build()


def _for_one_photo(graph: Any) -> Any:
    """A copy whose input is (1, side, side, 3). Of that form OpenVINO leaves out two copies of the
    photo, and what it works out anew for each form that it is given."""
    copy = graph.clone()
    copy.reshape([1, *copy.input().partial_shape[1:]])
    return copy


def _settings(half: bool, threads: int) -> dict[str, Any]:
    return {
        "INFERENCE_NUM_THREADS": threads or usable_cores(),
        "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
        "NUM_STREAMS": 1,
        # Pinned, every process of one thread would sit on the same core.
        "ENABLE_CPU_PINNING": False,
    }
