"""Processor time of each stage of a job, one photo, one thread: `python -m benchmarks.stages`.

    make bench-stages                                 # this version alone
    make bench-stages ARGS='--against ../before'      # and another checkout, in turn

Each version runs in a process of its own (`benchmarks.common.stage_times`), through the steps of
its own worker. The photos are drawn: one of a phone's 12 megapixels, one of 1280 x 720 and about
300 kB, one of 240 x 240 pixels.
"""

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Self

import numpy as np
from PIL import Image

from benchmarks.common.measuring import write
from benchmarks.common.stage_times import OTHER, PARTS, TOTAL
from pictures.drawn_leaves.leaves import draw_leaf

HERE = Path(__file__).resolve().parents[1]
PHOTOS = {
    "12 MP": (4032, 3024, 5, 90),
    "1280 x 720": (1280, 720, 5, 89),
    "240 x 240": (240, 240, 3, 90),
}
AIM, AIMED_AT = 0.55, "1280 x 720"
ROWS = (*PARTS, OTHER, TOTAL)


def photo(width: int, height: int, grain: float, quality: int) -> bytes:
    """A JPEG of a drawn leaf with a camera's grain, and the EXIF of one that is held upright."""
    leaf = draw_leaf("spots", seed=1, size=(min(width, 800), min(height, 600))).photo
    noise = np.random.default_rng(0).normal(0, grain, (height, width, 1)).astype(np.float32)
    pixels = np.asarray(leaf.resize((width, height)), np.float32) + noise
    exif = Image.Exif()
    exif[0x0112], exif[0x0110] = 1, "a camera"
    stream = io.BytesIO()
    picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    picture.save(stream, "JPEG", quality=quality, exif=exif)
    return stream.getvalue()


class Version:
    """A checkout whose worker's steps run in a process of their own, on one thread."""

    def __init__(self, name: str, checkout: Path, model: str) -> None:
        self.name = name
        one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(HERE / "benchmarks/common/stage_times.py"), model],
            cwd=checkout,
            env=os.environ | one | {"PYTHONPATH": str(checkout)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.how = self._answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process as process:
            assert process.stdin
            process.stdin.close()

    def times(self, file: Path) -> dict[str, float]:
        """Milliseconds of each part of one job over the photo in `file`."""
        assert self._process.stdin
        self._process.stdin.write(f"{file}\n")
        self._process.stdin.flush()
        found: dict[str, float] = self._answer()
        return found

    def _answer(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name}: ended with {self._process.wait()}")
        return json.loads(line)


def measure(
    versions: list[Version], files: dict[str, Path], rounds: int
) -> dict[tuple[str, str], list[dict[str, float]]]:
    """The times of each (version, photo), in turn, after two that do not count."""
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    for number in range(-2, rounds):
        for label, file in files.items():
            for version in versions:
                taken = version.times(file)
                if number >= 0:
                    found.setdefault((version.name, label), []).append(taken)
    return found


def show(
    found: dict[tuple[str, str], list[dict[str, float]]], names: list[str]
) -> list[dict[str, Any]]:
    """The table; its rows for the file."""
    rows: list[dict[str, Any]] = []
    for label in PHOTOS:
        print(f"\n{label:20}" + "".join(f"{name:>12}{'least':>8}{'most':>8}" for name in names))
        for part in ROWS:
            line = f"{part:20}"
            for name in names:
                taken = [times.get(part, 0.0) for times in found[name, label]]
                middle, least, most = statistics.median(taken), min(taken), max(taken)
                line += f"{middle:12.2f}{least:8.2f}{most:8.2f}"
                spread = {"median": middle, "least": least, "most": most}
                rounded = {key: round(value, 3) for key, value in spread.items()}
                rows.append({"photo": label, "version": name, "part": part} | rounded)
            print(line)
    return rows


def ratios(
    found: dict[tuple[str, str], list[dict[str, float]]], names: list[str]
) -> dict[str, Any]:
    """This version's total as a share of the other's, and the same without the model; medians."""
    shares = {}
    for label in PHOTOS:
        ours, theirs = (found[name, label] for name in names)
        for what, left_out in (("all", ()), ("all but the model", ("model",))):
            one, other = (
                statistics.median(
                    times[TOTAL] - sum(times.get(part, 0.0) for part in left_out) for times in taken
                )
                for taken in (ours, theirs)
            )
            shares[f"{label}, {what}"] = round(one / other, 3)
    for what, share in shares.items():
        print(f"{what:32}{share:8.2f} of the other version's")
    print(f"aim: {AIMED_AT} at most {AIM} of 350d2ad's, no size slower")
    return shares


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--against", type=Path, help="another checkout, whose steps run in turn")
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--model", default="cropshield_cnn")
    chosen = options.parse_args()
    checkouts = {"this": HERE} | ({"other": chosen.against.resolve()} if chosen.against else {})
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for number, (label, how) in enumerate(PHOTOS.items()):
            files[label] = Path(folder) / f"{number}.jpg"
            files[label].write_bytes(photo(*how))
            print(f"{label}: {files[label].stat().st_size:,} bytes")
        versions = [Version(name, path, chosen.model) for name, path in checkouts.items()]
        for version in versions:
            print(f"{version.name}: {version.how}")
        try:
            found = measure(versions, files, chosen.rounds)
        finally:
            for version in versions:
                version.__exit__()
    rows = show(found, list(checkouts))
    shares = ratios(found, list(checkouts)) if chosen.against else {}
    settings: dict[str, Any] = {"rounds": chosen.rounds, "model": chosen.model, "photos": PHOTOS}
    settings |= {"versions": {version.name: version.how for version in versions}}
    write("stages", settings | {"ratios": shares}, rows)


if __name__ == "__main__":
    main()
