"""torch is an extra: what it is needed for, and how to install it. Imports nothing."""

PACKAGES = "torch", "torchvision", "safetensors"
_INSTALL = "make serve TORCH=1, or pip install 'cropshield[worker]'"


def missing_torch(what: str, error: ModuleNotFoundError) -> str:
    """One line: what cannot be done without torch, and how to install it. `error`: how the import
    failed."""
    return f"{what} needs {error.name}, which is not installed: {_INSTALL}"
