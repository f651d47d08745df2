"""Checks the GPU: whether torch can use the one that is there."""

from pathlib import Path
from typing import Any

from cli.diagnostics.findings import Finding, ok, problem, warning

SUBJECT = "gpu"
_DRIVER = Path("/proc/driver/nvidia/version")
_GIGABYTE = 1e9


def check_gpu(device: str) -> Finding:
    """`device` is the setting."""
    try:
        import torch
    except ImportError:
        return ok(SUBJECT, "not used: torch is not installed here")
    if torch.cuda.is_available():
        return _usable(torch)
    return _unusable(torch, device)


def _usable(torch: Any) -> Finding:
    names = []
    for i in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(i)
        name = torch.cuda.get_device_name(i)
        names.append(f"{name} ({free / _GIGABYTE:.0f} of {total / _GIGABYTE:.0f} GB free)")
    return ok(SUBJECT, f"{', '.join(names)}; torch {torch.__version__}")


def _unusable(torch: Any, device: str) -> Finding:
    why, advice = _reason(torch)
    if device.startswith("cuda"):
        return problem(SUBJECT, f"CROPSHIELD_DEVICE is {device}, but {why}", advice)
    if _DRIVER.exists():
        return warning(SUBJECT, f"there is one, but {why}; the CPU is used", advice)
    return ok(SUBJECT, "none; the CPU is used")


def _reason(torch: Any) -> tuple[str, str]:
    if not _DRIVER.exists():
        return "there is no NVIDIA driver", "Install the driver, or set CROPSHIELD_DEVICE=cpu."
    if torch.version.cuda is None:
        return "this torch is built for CPUs alone", "Install a torch that is built with CUDA."
    driver = _DRIVER.read_text().splitlines()[0]
    return (
        f"torch {torch.__version__} (CUDA {torch.version.cuda}) cannot use it; {driver}",
        "Install a driver that knows this CUDA, or a torch for an older one; see nvidia-smi.",
    )
