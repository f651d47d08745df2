"""The three architectures with seeded weights, and how the tutorials explain them."""

import numpy as np
import torch
from torch import Tensor, nn

from models.architectures.registry import build

LAYERS = {
    "cropshield_cnn": "block4",
    "cropshield_plain": "block4",
    "resnet18": "layer4",
    "efficientnet_b0": "features",
}
CLASSES = 32


def network(architecture: str) -> nn.Module:
    """In evaluation mode; its batch norms have seen noise, so that all maps are finite."""
    torch.manual_seed(0)
    model = build(architecture, CLASSES).train()
    with torch.no_grad():
        for _ in range(3):
            model(torch.randn(8, 3, 224, 224))
    return model.eval()


def plain(model: nn.Module, batch: Tensor) -> Tensor:
    """The forward pass alone."""
    with torch.no_grad():
        logits: Tensor = model(batch)
    return logits


def tutorial(model: nn.Module, layer: nn.Module, batch: Tensor, ranks: int) -> list[np.ndarray]:
    """Hooks, one forward and one whole backward a class, as most tutorials do."""
    kept: dict[str, Tensor] = {}
    hooks = [
        layer.register_forward_hook(lambda _m, _i, out: kept.update(a=out)),
        layer.register_full_backward_hook(lambda _m, _i, out: kept.update(g=out[0])),  # type: ignore[index]
    ]
    maps = []
    for rank in range(ranks):
        logits = model(batch)
        chosen = logits.argsort(dim=1, descending=True)[:, rank]
        model.zero_grad()
        logits.gather(1, chosen[:, None]).sum().backward()
        cam = (kept["g"].mean(dim=(2, 3), keepdim=True) * kept["a"]).sum(dim=1).relu()
        maps.append((cam / (cam.amax(dim=(1, 2), keepdim=True) + 1e-8)).detach().numpy())
    for hook in hooks:
        hook.remove()
    model.zero_grad(set_to_none=True)
    return maps
