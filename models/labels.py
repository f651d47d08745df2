"""What the name of a class says."""


def is_healthy(class_name: str) -> bool:
    """Whether a class, `Crop__disease`, is the absence of a disease."""
    return class_name.rpartition("__")[2].lower() == "healthy"
