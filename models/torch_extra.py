"""torch is an extra: what comes with it, and how to get it. Imports nothing."""

PACKAGES = "torch", "torchvision", "safetensors"
_INSTALL = "make serve TORCH=1, or pip install 'cropshield[worker]'"


def missing_torch(what: str, error: ModuleNotFoundError) -> str:
    """One line on what cannot be done, and how to have it done. `error`: how the import failed."""
    return f"{what} needs {error.name}, which is not installed: {_INSTALL}"
