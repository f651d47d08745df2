"""What runs a model: torch for every model and layer, an exported graph where it fits."""

import copy
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from engine.agreement import difference, probe
from engine.device import has_bfloat16
from engine.folding import fold_batch_norms
from engine.gradcam import find_layer
from engine.looks import Look
from engine.pooled import look_pooled, pooled_head
from engine.split import look
from models.catalog import Card

log = logging.getLogger(__name__)
RuntimeChoice = Literal["auto", "torch", "graph"]
Precision = Literal["auto", "float32", "bfloat16"]


class Runtime(Protocol):
    """Looks at a batch, float32 (N, 3, size, size) on the CPU. Safe to use from threads."""

    @property
    def name(self) -> str: ...
    @property
    def half(self) -> bool:
        """Whether the layers up to the target layer run in bfloat16."""

    def look(self, batch: Tensor) -> Look: ...


@dataclass(frozen=True)
class Plan:
    """What is asked for. `threads`: of a graph, 0 for all cores that the process may use.
    `cache`: folder of exported graphs, by default the user's."""

    runtime: RuntimeChoice = "auto"
    precision: Precision = "float32"
    threads: int = 0
    cache: Path | None = None


@dataclass(frozen=True)
class TorchRuntime:
    """`head`: the linear layer of a head that is pooling and it alone, None for any other."""

    model: nn.Module
    layer: nn.Module
    device: torch.device
    head: nn.Linear | None
    half: bool = False
    name: str = "torch"

    def look(self, batch: Tensor) -> Look:
        """One forward pass; a graph from the target layer up only where the head needs one."""
        inputs = batch.to(self.device, memory_format=torch.channels_last)
        if self.half:
            inputs = inputs.bfloat16()
        if self.head is None:
            return look(self.model, self.layer, inputs)
        return look_pooled(self.model, self.layer, self.head.weight.detach(), inputs)


def torch_runtime(model: nn.Module, card: Card, device: torch.device) -> TorchRuntime:
    """The reference, in float32. Takes `model` for its own: folds its norms and moves it.

    Raises WrongLayer.
    """
    folded = fold_batch_norms(model.eval())
    folded.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    layer = find_layer(folded, card.target_layer)
    head = pooled_head(folded, layer, probe(card, count=2).to(device))
    return TorchRuntime(folded, layer, device, head)


def choose_runtime(reference: TorchRuntime, card: Card, plan: Plan) -> Runtime:
    """What fits the plan and says what `reference` says; at the worst that itself.

    Falling back is one line in the log.
    """
    batch = probe(card)
    seen = reference.look(batch)
    for candidate in _candidates(reference, card, plan):
        found = difference(seen, candidate.look(batch), half=candidate.half)
        if not found:
            return candidate
        kind = "bfloat16" if candidate.half else "float32"
        log.warning("model %s: no %s in %s: %s", card.id, candidate.name, kind, found)
    return reference


def _candidates(reference: TorchRuntime, card: Card, plan: Plan) -> Iterator[Runtime]:
    """Other than the reference, the most wanted first."""
    device = reference.device
    halves = {"auto": (True, False), "bfloat16": (True, False), "float32": (False,)}
    wanted = [half for half in halves[plan.precision] if not half or has_bfloat16(device)]
    if plan.precision == "bfloat16" and wanted == [False]:
        log.warning("model %s runs in float32: %s has no bfloat16", card.id, device)
    if plan.runtime != "torch" and device.type == "cpu":
        try:
            yield from _graphs(reference, card, plan, wanted)
        except Exception as error:  # noqa: BLE001 -- exporters raise what they like; torch works
            level = logging.INFO if plan.runtime == "auto" else logging.WARNING
            log.log(level, "model %s runs in torch: no graph (%s)", card.id, error)
    elif plan.runtime == "graph":
        log.warning("model %s runs in torch: graphs are for the CPU, not %s", card.id, device)
    if plan.precision == "bfloat16" and True in wanted:
        if reference.head is not None:
            yield halved(reference)
        else:
            log.warning("model %s runs in float32: its head is not pooled and linear", card.id)


def _graphs(
    reference: TorchRuntime, card: Card, plan: Plan, halves: Sequence[bool]
) -> Iterator[Runtime]:
    from engine.graph import GraphRuntime, graphs  # OpenVINO is an extra

    for graph, head in graphs(reference, card, plan.cache):
        for half in halves:
            yield GraphRuntime(graph, head, half, plan.threads)


def halved(reference: TorchRuntime) -> TorchRuntime:
    """The same in bfloat16 up to the target layer; its maps, and the head, in float32."""
    parts = reference.model, reference.layer, reference.head
    model, layer, head = copy.deepcopy(parts)  # at once: they stay parts of each other
    model.bfloat16()
    if head is not None:
        head.float()
    layer.register_forward_hook(lambda _layer, _inputs, output: output.float())
    return replace(reference, model=model, layer=layer, head=head, half=True)
