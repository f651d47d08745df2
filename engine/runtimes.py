"""What runs a model: torch for every model and layer, an exported graph where it fits."""

import logging
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from engine.folding import fold_batch_norms
from engine.gradcam import find_layer
from engine.methods import grad_cam, scaled
from engine.pooled import look_pooled, pooled_weights
from engine.split import look
from models.catalog import Card

log = logging.getLogger(__name__)
RuntimeChoice = Literal["auto", "torch", "graph"]
Precision = Literal["auto", "float32", "bfloat16"]
_MARGIN, _EXACT, _DRIFT = 0.02, 1e-4, 0.05


class Look(Protocol):
    """What a forward pass left behind: see `engine.split.Seen`."""

    @property
    def logits(self) -> Tensor: ...
    @property
    def activations(self) -> Tensor: ...
    def gradients(self, photos: Sequence[int], classes: Sequence[int]) -> Tensor: ...


class Runtime(Protocol):
    """Looks at a batch, float32 (N, 3, size, size) on the CPU. Safe to use from threads."""

    @property
    def name(self) -> str: ...
    def look(self, batch: Tensor) -> Look: ...


@dataclass(frozen=True)
class TorchRuntime:
    """The reference. `weights` of a pooled linear head, None for any other; `weights_hash` of
    the file that the model came from, empty where it came from none."""

    model: nn.Module
    layer: nn.Module
    device: torch.device
    weights: Tensor | None
    half: bool = False
    weights_hash: str = ""
    name: str = "torch"

    def look(self, batch: Tensor) -> Look:
        """One forward pass; a graph from the target layer up only where the head needs one."""
        inputs = batch.to(self.device, memory_format=torch.channels_last)
        low = torch.autocast(self.device.type, torch.bfloat16) if self.half else nullcontext()
        with low:
            if self.weights is None:
                return look(self.model, self.layer, inputs)
            return look_pooled(self.model, self.layer, self.weights, inputs)


def torch_runtime(
    model: nn.Module, card: Card, device: torch.device, half: bool = False, weights_hash: str = ""
) -> TorchRuntime:
    """Takes `model` for its own: folds its norms and moves it. Raises WrongLayer."""
    folded = fold_batch_norms(model.eval())
    folded.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    layer = find_layer(folded, card.target_layer)
    weights = pooled_weights(folded, layer, probe(card).to(device))
    return TorchRuntime(folded, layer, device, weights, half, weights_hash)


def choose_runtime(
    reference: TorchRuntime, card: Card, choice: RuntimeChoice, precision: Precision
) -> Runtime:
    """The graph where it is wanted, can be made and agrees with `reference`; else that.

    A fall-back that was not asked for by name is one line in the log.
    """
    if choice == "torch" or reference.device.type != "cpu":
        return reference
    try:
        from engine.graph import graph_runtime

        graph = graph_runtime(reference, card, half=precision == "bfloat16")
    except Exception as error:  # noqa: BLE001 -- exporters raise what they like; torch always works
        level = logging.INFO if choice == "auto" else logging.WARNING
        log.log(level, "model %s runs in torch: no graph (%s)", card.id, error)
        return reference
    if disagreement := compare(reference, graph, probe(card, count=4)):
        log.warning("model %s runs in torch: its graph differs, %s", card.id, disagreement)
        return reference
    return graph


def compare(reference: TorchRuntime, other: Runtime, batch: Tensor) -> str:
    """Where `other` says something else than `reference` about `batch`; empty if nowhere.

    Exact runtimes may move a map by 1e-4, those in half precision by 0.05 in the mean; every
    best class that leads by more than 0.02 must stay the best.
    """
    ours, theirs = reference.look(batch), other.look(batch)
    confidence = ours.logits.detach().float().softmax(dim=1).cpu()
    lead, best = confidence.topk(2, dim=1)
    sure = lead[:, 0] - lead[:, 1] > _MARGIN
    if not torch.equal(theirs.logits.argmax(dim=1)[sure], best[sure, 0]):
        return "in the best class"
    photos = range(len(batch))
    maps = [
        scaled(
            grad_cam(
                made.activations.detach().float(),
                made.gradients(photos, best[:, 0].tolist()).float(),
            )
        )
        for made in (ours, theirs)
    ]
    moved = (maps[0].cpu() - maps[1].cpu()).abs()
    exact = getattr(other, "half", False) is False
    limit, found = (_EXACT, float(moved.max())) if exact else (_DRIFT, float(moved.mean()))
    return "" if found <= limit else f"maps by {found:.2g} (limit {limit})"


def probe(card: Card, count: int = 2) -> Tensor:
    """Seeded smooth noise of the model's input size, float32 (count, 3, size, size)."""
    generator = torch.Generator().manual_seed(0)
    side = card.preprocessing.size
    coarse = torch.randn(count, 3, side // 16, side // 16, generator=generator)
    return nn.functional.interpolate(coarse, (side, side), mode="bicubic")
