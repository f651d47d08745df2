"""Models with a pooled linear head as OpenVINO graphs: logits and feature maps in one call.

OpenVINO is an extra (`cropshield[graph]`); without it everything runs in torch.
"""

import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.cam.closed_form import Array, LinearHeadOutput
from engine.cam.forward import class_scores
from engine.cam.hooks import replace_output
from engine.errors import WrongLayer
from engine.runtimes.graph_cache import GraphCache
from engine.runtimes.torch import TorchRuntime
from models.card import Card

# OpenVINO reports each import to its makers; without this module it does not.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
import openvino  # noqa: E402

log = logging.getLogger(__name__)


@cache
def _core() -> Any:
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
        self._compiled = _core().compile_model(graph, "CPU", _settings(half, threads))
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


def cached_and_exported_graphs(
    reference: TorchRuntime, card: Card, cache: Path | None = None
) -> Iterator[tuple[Any, Array]]:
    """The cached graph of the model, if there is one; then one that is exported anew and cached.
    Each comes with the weights of its head, (classes, K).

    Raises WrongLayer for a head that is not pooling and one linear layer, and whatever the exporter
    raises for a model that it cannot read.
    """
    if reference.head is None:
        raise WrongLayer("what follows the target layer is not pooling and one linear layer")
    weights = reference.head.weight.detach().numpy()
    cached = GraphCache(cache).entry(reference.model, card, openvino.__version__)
    if cached.exists():
        try:
            yield _core().read_model(cached.graph), weights
        except RuntimeError as error:
            log.warning("graph %s cannot be read: %s", cached.graph, error)
    graph = export_graph(reference.model, reference.layer, card.preprocessing.size)
    cached.store(lambda file: openvino.save_model(graph, file, compress_to_fp16=False))
    yield graph, weights


def export_graph(model: nn.Module, layer: nn.Module, side: int) -> Any:
    """An OpenVINO model: float32 (N, side, side, 3) -> logits (N, classes), maps (N, K, h, w)."""
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer of torch that the exporter uses is old
        example = torch.zeros(2, 3, side, side)
        # Not checked by the tracer: what is read back is compared with the model anyway.
        traced = torch.jit.trace(  # type: ignore[no-untyped-call]
            _WithMaps(model, layer), example, check_trace=False
        )
        graph = openvino.convert_model(traced, example_input=example, input=[-1, 3, side, side])
    steps = openvino.preprocess.PrePostProcessor(graph)
    steps.input().tensor().set_layout(openvino.Layout("NHWC"))
    steps.input().model().set_layout(openvino.Layout("NCHW"))
    return steps.build()


class _WithMaps(nn.Module):
    """A model that returns its logits and the target layer's feature maps."""

    def __init__(self, model: nn.Module, layer: nn.Module) -> None:
        super().__init__()
        self.model, self.layer = model, layer

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        kept: list[Tensor] = []

        def keep(output: Tensor) -> Tensor:
            kept[:] = [output]
            return output

        with replace_output(self.layer, keep):
            logits = class_scores(self.model(x))
        return logits, kept[0]


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
