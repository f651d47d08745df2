"""What a model's maps are like on labelled photos: `python -m benchmarks.explanations FOLDER`.

FOLDER holds `Crop__disease/photo.jpg`. Prints how often each warning of the diagnostics fires
and where its number lies, and whether half precision may be used: every best class that leads
by more than 0.02 is kept, and maps move by less than 0.05 in the mean at the 99th percentile.
"""

import argparse
import random
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.measure import write
from engine.diagnostics import Diagnostics, diagnose_photo, is_healthy
from engine.explainer import Explainer, Explanation, Request
from engine.images import Photo, decode
from engine.runtimes import Precision
from models.catalog import Catalog

PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")
NUMBERS = ("focus", "border_share", "leaf_share", "flatness")
WARNINGS = ("uniform", "scattered", "edge", "background")
Seen = tuple[bool, bool, Diagnostics]


def photos_of(folder: Path, count: int) -> list[Path]:
    """A seeded draw of `count` photos."""
    found = sorted(path for path in folder.glob("*/*") if path.is_file())
    return random.Random(0).sample(found, min(count, len(found)))


def explained(explainer: Explainer, photos: list[Photo], batch: int = 16) -> list[Explanation]:
    """The best class of each photo."""
    parts = [photos[i : i + batch] for i in range(0, len(photos), batch)]
    return [made for part in parts for made in explainer.explain(part, [Request()] * len(part))]


def drift(exact: list[Explanation], other: list[Explanation]) -> dict[str, Any]:
    """How far maps and best classes of `other` are from those of `exact`."""
    lost, moved = 0, []
    for one, two in zip(exact, other, strict=True):
        first, second = one.predictions[:2]
        same = first.class_index == two.predictions[0].class_index
        lost += not same and first.confidence - second.confidence > 0.02
        if same:
            moved.append(float(np.abs(one.maps[0].heatmap - two.maps[0].heatmap).mean()))
    far = float(np.percentile(moved, 99))
    return {
        "lost_classes": lost,
        "map_99th": round(far, 4),
        "may_be_used": lost == 0 and far < 0.05,
    }


def table(name: str, seen: Iterable[Seen]) -> dict[str, Any]:
    """Percentiles of each number and the share of photos with each warning."""
    found = [diagnostics for _, _, diagnostics in seen]
    made: dict[str, Any] = {"photos": name, "count": len(found)}
    sys.stdout.write(f"{name}: {len(found)} photos\n")
    for number in NUMBERS if found else ():
        values = [value for one in found if (value := getattr(one, number)) is not None]
        made[number] = np.percentile(values, [5, 25, 50, 75, 95]).round(3).tolist()
        sys.stdout.write(f"  {number:13} 5, 25, 50, 75, 95 %: {made[number]}\n")
    for warning in WARNINGS if found else ():
        made[warning] = round(float(np.mean([warning in one.warnings for one in found])), 4)
        sys.stdout.write(f"  {warning:13} {made[warning]:.1%}\n")
    return made


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--model", default="cropshield_cnn")
    options.add_argument("--count", type=int, default=600)
    options.add_argument("--threads", type=int, default=torch.get_num_threads())
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    card = Catalog()[chosen.model]
    paths = photos_of(chosen.folder, chosen.count)
    photos = [decode(path.read_bytes(), card.preprocessing.size) for path in paths]
    exact = explained(Explainer.load(card, "cpu", runtime="torch"), photos)
    seen: list[Seen] = []
    for path, photo, made in zip(paths, photos, exact, strict=True):
        name = made.predictions[0].class_name
        diagnostics = diagnose_photo(made.maps[0].heatmap, photo.pixels, name)
        seen.append((name == path.parent.name, is_healthy(name), diagnostics))
    rows = [
        table("right, a disease", [one for one in seen if one[0] and not one[1]]),
        table("right, healthy", [one for one in seen if one[0] and one[1]]),
        table("wrong", [one for one in seen if not one[0]]),
    ]
    for precision in PRECISIONS:
        other = Explainer.load(card, "cpu", runtime="graph", precision=precision)
        found = drift(exact, explained(other, photos))
        rows.append({"runtime": other.runtime, "precision": precision, **found})
        sys.stdout.write(f"{other.runtime} {precision}: {found}\n")
    write("explanations", {"model": card.id, "weights": card.sha256[:16]}, rows)


if __name__ == "__main__":
    main()
