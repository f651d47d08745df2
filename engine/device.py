"""The torch device that a model runs on. Without torch: `engine.hardware`."""

import warnings

import torch
from torch import nn

from engine.torch_types import Device as Device


def choose_device(requested: Device | None = None) -> torch.device:
    """The device asked for; without one, the first GPU, else the CPU.

    Falls back to the CPU with a RuntimeWarning where "cuda" is asked for and there is none.
    """
    has_gpu = torch.cuda.is_available()
    if requested is None:
        return torch.device("cuda" if has_gpu else "cpu")
    device = torch.device(requested)
    if device.type == "cuda" and not has_gpu:
        warnings.warn(f"{device} is not available; using the CPU", RuntimeWarning, stacklevel=2)
        return torch.device("cpu")
    return device


def device_of(model: nn.Module) -> torch.device:
    """Where the model's first parameter or buffer lives; the CPU for a model without any."""
    for tensor in (*model.parameters(), *model.buffers()):
        return tensor.device
    return torch.device("cpu")


def unwrap(model: nn.Module) -> nn.Module:
    """The model inside DataParallel and torch.compile wrappers."""
    if isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
        return unwrap(model.module)
    inner = getattr(model, "_orig_mod", None)
    return unwrap(inner) if isinstance(inner, nn.Module) else model
