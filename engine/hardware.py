"""Whether a model runs on the CPU or on a GPU, without loading torch where there is no GPU, and on
how many cores."""

import os
from pathlib import Path

from engine.errors import TorchMissing
from engine.torch_types import Device

_CPUINFO = Path("/proc/cpuinfo")
_DRIVERS = "nvidiactl", "dxg", "kfd"  # NVIDIA's, Windows' for WSL, AMD's


def has_gpu_driver(devices: Path = Path("/dev")) -> bool:
    """Whether a driver of GPUs is loaded. Without one torch would find none either."""
    return any((devices / name).exists() for name in _DRIVERS)


def find_device(wanted: Device | None = None) -> str:
    """The device asked for, "cpu" or "cuda:1" say; without one, the first GPU, else the CPU.

    Falls back to the CPU with a RuntimeWarning where "cuda" is asked for and there is none. Raises
    TorchMissing where a GPU is asked for and torch is not installed.
    """
    if str(wanted) == "cpu" or (wanted is None and not has_gpu_driver()):
        return "cpu"
    try:
        from engine.device import choose_device
    except ModuleNotFoundError as error:
        if wanted is None:
            return "cpu"  # without torch nothing else can be used
        raise TorchMissing(f"device {wanted}", error) from error
    return str(choose_device(wanted))


def cpu_flags(cpuinfo: Path = _CPUINFO) -> set[str]:
    """What the processor can do, by Linux's names; empty where the system does not tell."""
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return set(flags.partition(":")[2].split())


def cpu_has_bfloat16(cpuinfo: Path = _CPUINFO) -> bool:
    """Whether bfloat16 is faster than float32 on this CPU: by its own instructions."""
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(cpu_flags(cpuinfo))


def usable_cores() -> int:
    """Cores that this process may run on."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def threads_alone(cores: int) -> int:
    """How many of these cores a model should take for a photo that comes alone. A photo of 256
    pixels or so has not enough work for many more."""
    return min(4, cores)


def model_threads(cores: int) -> int:
    """How many of these cores a model should take where photos come one after another: half of
    them, at least one. Meanwhile the others decode the next photos and draw the last ones."""
    return max(1, cores // 2)
