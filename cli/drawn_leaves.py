"""A labelled folder of drawn leaves, to try the commands on."""

from pathlib import Path

from pictures.drawn_leaves.leaves import draw_leaf

LABELS = {
    "healthy": "Potato__healthy",
    "spots": "Tomato__septoria_leaf_spot",
    "blight": "Potato__late_blight",
    "rust": "Corn__common_rust",
    "scab": "Apple__scab",
    "mosaic": "Tomato__mosaic_virus",
}


def draw_labelled(folder: Path, count: int = 4) -> None:
    """`count` leaves of each kind, under the class that it resembles."""
    for number, (kind, label) in enumerate(LABELS.items()):
        (folder / label).mkdir(parents=True, exist_ok=True)
        for seed in range(number * count, (number + 1) * count):
            leaf = draw_leaf(kind, seed=seed, size=(480, 360))
            leaf.photo.save(folder / label / f"{kind}-{seed:02}.jpg", quality=90)
