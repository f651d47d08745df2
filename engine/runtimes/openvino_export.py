"""Exports models whose head is pooling and one linear layer to OpenVINO graphs, when they are
loaded."""

import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engine.cam.array_output import Array
from engine.cam.forward import class_scores
from engine.cam.hooks import replace_output
from engine.errors import WrongLayer
from engine.runtimes.graph_cache import GraphCache
from engine.runtimes.openvino import core, take_channels_last
from engine.runtimes.torch import TorchRuntime
from models.cards.card import Card

import openvino  # isort: skip - after engine.runtimes.openvino, which keeps it from reporting

log = logging.getLogger(__name__)


def cached_and_exported_graphs(
    reference: TorchRuntime, card: Card, cache: Path | None = None
) -> Iterator[tuple[Any, Array]]:
    """The cached graph of the model, if there is one; then one that is exported anew and cached.
    Each comes with the weights of its head, (classes, K).

    Raises WrongLayer for a head that is not pooling and one linear layer, and whatever the
    exporter raises for a model that it cannot read.
    """
    if reference.head is None:
        raise WrongLayer("what follows the target layer is not pooling and one linear layer")
    weights = reference.head.weight.detach().numpy()
    cached = GraphCache(cache).entry(reference.model, card, openvino.__version__)
    if cached.exists():
        try:
            yield core().read_model(cached.graph), weights
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
            WithMaps(model, layer), example, check_trace=False
        )
        graph = openvino.convert_model(traced, example_input=example, input=[-1, 3, side, side])
    return take_channels_last(graph)


class WithMaps(nn.Module):
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
