"""A labelled folder of drawn leaves, and what a model might have said of them."""

from pathlib import Path

import numpy as np

from cli.audit.photos import AuditedPhoto, ClassView
from engine.diagnostics import diagnose
from pictures.drawn_leaves.leaves import draw_leaf
from pictures.duplicates import difference_hash
from pictures.maps import WHOLE

LABELS = {"Apple__scab": "spots", "Corn__common_rust": "rust", "Potato__healthy": "healthy"}


def draw_folder(root: Path, count: int = 3) -> Path:
    """`count` leaves of each of three classes that the bundled model has."""
    for number, (label, kind) in enumerate(LABELS.items()):
        (root / label).mkdir(parents=True)
        for seed in range(number * count, (number + 1) * count):
            photo = draw_leaf(kind, seed=seed, size=(240, 180)).photo
            photo.save(root / label / f"{seed}.jpg", quality=88)
    return root


def looked(place: int, label: int, said: int, sure: float = 0.9, hot: int = 0) -> AuditedPhoto:
    """A photo of three classes; the heat lies in one cell."""
    confidences = np.full(3, (1 - sure) / 2, np.float32)
    confidences[said] = sure
    heatmap = np.zeros((14, 14), np.float32)
    heatmap[hot // 14, hot % 14] = 1
    view = ClassView(heatmap.astype(np.float16), WHOLE, diagnose(heatmap, None))
    noise = np.random.default_rng(place).integers(0, 255, (32, 32, 3), np.uint8)
    return AuditedPhoto(
        path=Path(f"/{place}.jpg"),
        name=f"{place}.jpg",
        label=label,
        confidences=confidences,
        views={label: view, said: view},
        hash=difference_hash(noise),
    )
