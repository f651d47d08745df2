"""What the card can do at most, and the least time that a network can take on it."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

_TIMES = 10


def synchronize(device: torch.device) -> None:
    """Wait until the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds(device: torch.device, call: Callable[[], object]) -> float:
    """Of one call, at the mean of several, after two that do not count."""
    for _ in range(2):
        call()
    synchronize(device)
    start = perf_counter()
    for _ in range(_TIMES):
        call()
    synchronize(device)
    return (perf_counter() - start) / _TIMES


@dataclass(frozen=True)
class Peaks:
    """Measured: floating-point operations a second by matrix products, float32 as TF32 where the
    card has it; bytes a second, read and written, by a copy; bytes a second from this process's
    memory to the device."""

    float32: float
    bfloat16: float
    copied: float
    received: float


def measure_peaks(device: torch.device) -> Peaks:
    side, length = (8192, 1 << 29) if device.type == "cuda" else (128, 1 << 18)
    given = torch.empty(length // 16)
    here = torch.empty(length, device=device)
    there = torch.empty_like(here)
    precision = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")  # what convolutions in float32 use by themselves
    try:
        exact, half = (_product(device, side, kind) for kind in (torch.float32, torch.bfloat16))
    finally:
        torch.set_float32_matmul_precision(precision)
    copied = 2 * 4 * length / seconds(device, lambda: there.copy_(here))
    received = 4 * len(given) / seconds(device, lambda: given.to(device, copy=True))
    return Peaks(exact, half, copied, received)


def _product(device: torch.device, side: int, dtype: torch.dtype) -> float:
    one, other = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    return float(2 * side**3 / seconds(device, lambda: one @ other))


@dataclass(frozen=True)
class Work:
    """Of one photo: floating-point operations; numbers that its convolutions and linear layers read
    and write, when norms, activations and sums cost nothing; and once for a batch the weights."""

    flops: int
    numbers: int
    weights: int

    def floor_ms(self, peaks: Peaks, batch: int, *, half: bool) -> float:
        """The least milliseconds that a forward pass can take, by flops or by bytes."""
        rate, width = (peaks.bfloat16, 2) if half else (peaks.float32, 4)
        moved = width * (batch * self.numbers + self.weights)
        return 1000 * max(batch * self.flops / rate, moved / peaks.copied)


def work_of(model: nn.Module, photo: Tensor) -> Work:
    """`photo`: (1, 3, s, s) on the model's device."""
    numbers: list[int] = []

    def note(_layer: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        numbers.append(inputs[0].numel() + output.numel())

    layers = [layer for layer in model.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]
    hooks = [layer.register_forward_hook(note) for layer in layers]
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counted:
            model(photo)
    finally:
        for hook in hooks:
            hook.remove()
    weights = sum(parameter.numel() for parameter in model.parameters())
    return Work(counted.get_total_flops(), sum(numbers), weights)
