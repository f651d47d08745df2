"""The reference runtime: any model, any layer, any device."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import nn

from engine.cam.array_output import Array, Cams
from engine.cam.forward import ForwardPass, forward_pass
from engine.cam.gradcam import find_layer
from engine.cam.linear_head import find_linear_head, linear_head_forward_pass
from engine.cam.receptive_field import receptive_field_box
from engine.cam.torch_methods import compute_cams
from engine.errors import OutOfMemory
from engine.runtimes.bfloat16 import bfloat16_up_to
from engine.runtimes.folding import fold_batch_norms
from engine.runtimes.parity import probe_batch
from models.cards.card import Card
from pictures.maps import Box


@contextmanager
def _as_out_of_memory() -> Generator[None]:
    """torch's error becomes the engine's."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise OutOfMemory(str(error)) from error


@dataclass(frozen=True)
class TorchOutput:
    """A forward pass whose maps and gradients stay on the model's device until they are small."""

    forward: ForwardPass

    @property
    def logits(self) -> Array:
        """float32 (N, classes)."""
        scores: Array = self.forward.logits.detach().float().cpu().numpy()
        return scores

    def pooled(self) -> Array:
        """The mean of each of the target layer's maps, float32 (N, K)."""
        means: Array = self.forward.activations.detach().float().mean(dim=(2, 3)).cpu().numpy()
        return means

    def cams(self, photos: Sequence[int], classes: Sequence[int], methods: Sequence[str]) -> Cams:
        """The maps of all pairs of photo and class, each by its own method."""
        with _as_out_of_memory():
            return compute_cams(self.forward, photos, classes, methods)


@dataclass(frozen=True)
class TorchRuntime:
    """`head`: the linear layer of a head of pooling and one linear layer; None for any other
    head."""

    model: nn.Module
    layer: nn.Module
    device: torch.device
    head: nn.Linear | None
    half: bool = False
    name: str = "torch"

    def forward(self, batch: Array) -> TorchOutput:
        """One forward pass; with autograd from the target layer up only where the head needs it."""
        with _as_out_of_memory():
            return TorchOutput(self._forward(batch))

    def _forward(self, batch: Array) -> ForwardPass:
        inputs = torch.from_numpy(batch).to(self.device, memory_format=torch.channels_last)
        if self.half:
            inputs = inputs.bfloat16()
        if self.head is None:
            return forward_pass(self.model, self.layer, inputs)
        weights = self.head.weight.detach()
        return linear_head_forward_pass(self.model, self.layer, weights, inputs)

    def box(self, side: int) -> Box:
        """The part that the maps cover of photos of `side` pixels."""
        return receptive_field_box(
            self.model, self.layer, torch.zeros(1, 3, side, side, device=self.device)
        )


def torch_runtime(model: nn.Module, card: Card, device: torch.device) -> TorchRuntime:
    """The reference runtime, in float32. Takes over `model`: folds its norms and moves it.

    Raises WrongLayer for a target layer that gives no feature maps.
    """
    folded = fold_batch_norms(model.eval())
    folded.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    layer = find_layer(folded, card.target_layer)
    probe = torch.from_numpy(probe_batch(card, count=2)).to(device)
    head = find_linear_head(folded, layer, probe)
    return TorchRuntime(folded, layer, device, head)


def to_bfloat16(reference: TorchRuntime) -> TorchRuntime:
    """A runtime in bfloat16 up to the target layer; its maps and the head stay in float32."""
    parts = reference.layer, reference.model, reference.head
    layer, model, head = bfloat16_up_to(*parts)
    return replace(reference, model=model, layer=layer, head=head, half=True)
