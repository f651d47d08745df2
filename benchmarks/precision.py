"""The guard of everything below float32: `python -m benchmarks.precision --data DIR`.

DIR holds photos, in folders of any depth. Each is explained in float32 by torch, then by the
runtime and precision asked for. Two things must hold: every best class that leads by more than
0.02 stays the best, and maps of the best class move by less than 0.05 in mean absolute
difference at the 99th percentile. Exits with 1 where they do not.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.common.measuring import keep_memory, machine, write
from engine.explainer import Explainer, Request
from engine.photos.decode import Photo
from engine.runtimes.parity import MARGIN, MAX_DRIFT
from models.cards.card import Card
from models.catalog import Catalog
from models.decode_size import decode_at
from pictures.errors import PhotoError

PERCENTILE = 99


@dataclass
class Drift:
    """What moved between the exact explainer and the other."""

    maps: list[float] = field(default_factory=list)
    worst_cells: list[float] = field(default_factory=list)
    confidences: list[float] = field(default_factory=list)
    sure: int = 0
    sure_lost: int = 0
    unsure_lost: int = 0

    def add(self, photos: list[Photo], exact: Explainer, other: Explainer) -> None:
        """Explain `photos` by both."""
        ours = exact.explain(photos, [Request()] * len(photos))
        best = [made.predictions[0].class_index for made in ours]
        theirs = other.explain(photos, [Request(top_k=0, class_index=index) for index in best])
        for one, two in zip(ours, theirs, strict=True):
            first, second = one.predictions[:2]
            is_sure = first.confidence - second.confidence > MARGIN
            lost = two.predictions[0].class_index != first.class_index
            self.sure += is_sure
            self.sure_lost += lost and is_sure
            self.unsure_lost += lost and not is_sure
            moved = np.abs(one.maps[0].heatmap - two.maps[0].heatmap)
            self.maps.append(float(moved.mean()))
            self.worst_cells.append(float(moved.max()))
            found = {made.class_index: made.confidence for made in two.predictions}
            self.confidences.append(abs(first.confidence - found.get(first.class_index, 0.0)))

    @property
    def holds(self) -> bool:
        return self.sure_lost == 0 and bool(np.percentile(self.maps, PERCENTILE) < MAX_DRIFT)


def read(folder: Path, side: int) -> Iterator[Photo]:
    """Every photo below `folder`; what is none is named and left out."""
    for file in sorted(file for file in folder.rglob("*") if file.is_file()):
        try:
            yield decode_at(side, file.read_bytes())
        except PhotoError as error:
            print(f"{file.name}: {error}", file=sys.stderr)


def figures(drift: Drift) -> dict[str, float]:
    """What is printed and written."""
    named = {"map": drift.maps, "cell": drift.worst_cells, "confidence": drift.confidences}
    spread = {
        f"{name} moved, {label}": round(float(np.percentile(values, at)), 5)
        for name, values in named.items()
        for label, at in (("median", 50), ("99th percentile", PERCENTILE), ("most", 100))
    }
    counts = {"sure": drift.sure, "sure, lost": drift.sure_lost, "unsure, lost": drift.unsure_lost}
    return {"photos": len(drift.maps), **counts, **spread}


def guard(card: Card, options: argparse.Namespace) -> bool:
    """Print the figures of one model; whether the guard holds."""
    exact = Explainer(card, "cpu", runtime="torch", threads=options.threads)
    other = Explainer(
        card, "cpu", runtime=options.runtime, precision=options.precision, threads=options.threads
    )
    how = f"{other.runtime} {other.precision}"
    print(f"{card.id}: {how} against torch float32")
    drift = Drift()
    photos = read(options.data, 2 * card.preprocessing.size)
    while batch := list(islice(photos, options.batch)):
        drift.add(batch, exact, other)
    found = figures(drift)
    for name, value in found.items():
        print(f"  {name:32}{value:10g}")
    print(f"  {'the guard holds' if drift.holds else 'THE GUARD DOES NOT HOLD'}")
    settings = {"margin": MARGIN, "limit": MAX_DRIFT, "percentile": PERCENTILE}
    row = {"model": card.id, "weights": card.sha256, "way": how, "holds": drift.holds, **found}
    write(f"precision-{card.id}", settings, [row])
    return drift.holds


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--model", default="cropshield_cnn")
    options.add_argument("--runtime", default="auto", choices=["auto", "torch", "graph"])
    options.add_argument("--precision", default="bfloat16", choices=["auto", "float32", "bfloat16"])
    options.add_argument("--batch", type=int, default=16)
    options.add_argument("--threads", type=int, default=0)
    chosen = options.parse_args()
    keep_memory()
    print(", ".join(f"{name} {value}" for name, value in machine().items() if value))
    sys.exit(0 if guard(Catalog()[chosen.model], chosen) else 1)


if __name__ == "__main__":
    main()
