"""Models with a pooled linear head as OpenVINO graphs: logits and feature maps in one call.

OpenVINO is an extra (`cropshield[graph]`); without it everything runs in torch.
"""

import logging
import os
import threading
import warnings
from pathlib import Path
from typing import Any

import openvino
import torch
from torch import Tensor, nn

from engine.errors import WrongLayer
from engine.hooks import watch
from engine.pooled import PooledSeen
from engine.runtimes import TorchRuntime
from engine.split import class_scores
from models.catalog import Card

log = logging.getLogger(__name__)


class GraphRuntime:
    """A compiled graph; one request a thread, so that threads do not wait for each other."""

    name = "graph"

    def __init__(self, graph: Any, weights: Tensor, half: bool = False) -> None:
        self.weights, self.half = weights, half
        self._compiled = openvino.Core().compile_model(
            graph,
            "CPU",
            {
                "INFERENCE_NUM_THREADS": torch.get_num_threads(),
                # Pinned, every process of one thread would sit on the same core.
                "ENABLE_CPU_PINNING": False,
                "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
            },
        )
        self._requests = threading.local()

    def look(self, batch: Tensor) -> PooledSeen:
        """One call for logits and activations, both float32 on the CPU."""
        if not hasattr(self._requests, "own"):
            self._requests.own = self._compiled.create_infer_request()
        request = self._requests.own
        request.infer([batch.contiguous().numpy()], share_inputs=True)
        logits, maps = (torch.from_numpy(request.get_output_tensor(i).data.copy()) for i in (0, 1))
        return PooledSeen(logits, maps, self.weights)


class _WithMaps(nn.Module):
    """A model that gives its logits and the target layer's feature maps."""

    def __init__(self, model: nn.Module, layer: nn.Module) -> None:
        super().__init__()
        self.model, self.layer = model, layer

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        kept: list[Tensor] = []

        def see(output: Tensor) -> Tensor:
            kept[:] = [output]
            return output

        with watch(self.layer, see):
            logits = class_scores(self.model(x))
        return logits, kept[0]


def graph_runtime(reference: TorchRuntime, card: Card, half: bool = False) -> GraphRuntime:
    """The model of `reference` as a graph, exported once for each weight file and kept.

    Raises WrongLayer for a head that is not pooling and one linear layer, and whatever the
    exporter raises for a model that it cannot read.
    """
    if reference.weights is None:
        raise WrongLayer("what follows the target layer is not pooling and one linear layer")
    file = cache_file(card) if reference.weights_hash else None
    if file is not None and file.with_suffix(".bin").exists():
        return GraphRuntime(file, reference.weights, half)
    graph = _export(reference, card.preprocessing.size)
    if file is not None:
        _keep(graph, file)
    return GraphRuntime(graph, reference.weights, half)


def cache_file(card: Card) -> Path:
    """Where the graph of the card's weights is kept."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = f"{card.sha256[:24]}-{card.target_layer}-{card.preprocessing.size}"
    return home / "cropshield" / f"{name}-{openvino.__version__.split('-')[0]}.xml"


def _export(reference: TorchRuntime, side: int) -> Any:
    example = torch.zeros(2, 3, side, side)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer of torch that the exporter uses is old
        return openvino.convert_model(
            _WithMaps(reference.model, reference.layer),
            example_input=example,
            input=[-1, 3, side, side],
        )


def _keep(graph: Any, file: Path) -> None:
    """Beside the other graphs, whole or not at all; a folder that is read-only is no error."""
    part = file.with_name(f"{file.stem}-{os.getpid()}.xml")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        openvino.save_model(graph, part, compress_to_fp16=False)
        part.replace(file)
        part.with_suffix(".bin").replace(file.with_suffix(".bin"))
    except (OSError, RuntimeError) as error:
        log.info("the graph is not kept: %s", error)
