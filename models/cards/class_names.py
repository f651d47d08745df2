"""What the name of a class, `Crop__disease`, says."""


def crop_and_disease(class_name: str) -> tuple[str, str | None]:
    """`Apple__black_rot` is ("Apple", "black rot"); no disease where the name has no "__"."""
    crop, _, disease = class_name.partition("__")
    return crop, disease.replace("_", " ") or None


def class_title(class_name: str) -> str:
    """A class as people read it: "Apple: black rot"."""
    crop, disease = crop_and_disease(class_name)
    title = crop.replace("_", " ")
    return f"{title}: {disease}" if disease else title


def is_healthy(class_name: str) -> bool:
    """Whether the class is the absence of a disease."""
    return class_name.rpartition("__")[2].lower() == "healthy"
