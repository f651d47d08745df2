"""Types of torch, for the signatures of what works without it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    Device = str | torch.device
    Network = torch.nn.Module
else:
    Device = Network = Any
