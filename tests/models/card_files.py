"""Cards of their own for tests."""

from pathlib import Path

CARD = """
id = "{name}"
version = "1"
title = "A test"
architecture = "{architecture}"
weights = "{weights}"
sha256 = ""
classes = "classes.json"
target_layer = "{layer}"
licence = "Apache-2.0"
"""


def write_card(
    folder: Path,
    name: str,
    architecture: str = "cropshield_cnn",
    layer: str = "block4",
    weights: str = "",
    more: str = "",
) -> Path:
    """A card of a model that is still to be trained, with `more` at its end."""
    path = folder / f"{name}.toml"
    head = CARD.format(
        name=name, architecture=architecture, layer=layer, weights=weights or f"{name}.pth"
    )
    path.write_text(head + more)
    return path
