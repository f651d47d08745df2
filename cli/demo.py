"""`cropshield demo`: drawn leaves, explained by a running server and shown side by side."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from cli.errors import CommandError
from cropshield_client import (
    CropShield,
    CropShieldError,
    InvalidResponse,
    Job,
    JobFailed,
    RetryPolicy,
    TimedOut,
    Unreachable,
)
from models.cards.class_names import class_title
from pictures.drawn_leaves.leaves import KINDS, draw_leaf
from pictures.pixels import Pixels
from pictures.sheets import labelled_grid

LABELS = {
    "healthy": "Potato__healthy",
    "spots": "Tomato__septoria_leaf_spot",
    "blight": "Potato__late_blight",
    "rust": "Corn__common_rust",
    "scab": "Apple__scab",
    "mosaic": "Tomato__mosaic_virus",
}
"""The class that each kind of drawn leaf resembles."""
Cell = tuple[str, Pixels]
_TIMEOUT_SECONDS = 120.0
_RETRY = RetryPolicy(deadline=3)
_COLUMNS, _SIDE = 4, 320  # two leaves a row, each beside its overlay


@dataclass(frozen=True)
class _Submitted:
    name: str
    photo: Image.Image
    job: Job


def run_demo(server: str, out: Path, count: int = 8, api_key: str = "") -> None:
    """Submit `count` drawn leaves to `server`; write photos, overlays and `contact-sheet.jpg`,
    and a folder `leaves` with more of them, labelled.

    Raises CommandError when the server cannot be reached or a job does not succeed.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        cells = [cell for pair in _explained(server, out, count, api_key) for cell in pair]
        sheet = out / "contact-sheet.jpg"
        Image.fromarray(labelled_grid(cells, _COLUMNS, _SIDE)).save(sheet, quality=90)
        draw_labelled(out / "leaves")
    except OSError as error:
        raise CommandError(f"cannot write to {out}: {error.strerror or error}") from error
    _say(f"{count} leaves explained; see {sheet}")


def draw_labelled(folder: Path, count: int = 4) -> None:
    """`count` leaves of each kind, under the class that it resembles."""
    for number, (kind, label) in enumerate(LABELS.items()):
        (folder / label).mkdir(parents=True, exist_ok=True)
        for seed in range(number * count, (number + 1) * count):
            leaf = draw_leaf(kind, seed=seed, size=(480, 360))
            leaf.photo.save(folder / label / f"{kind}-{seed:02}.jpg", quality=90)


def _explained(server: str, out: Path, count: int, api_key: str) -> list[tuple[Cell, Cell]]:
    try:
        with CropShield(server, api_key=api_key or None, retry=_RETRY) as client:
            submitted = [_submit(client, number, out) for number in range(count)]
            return [_receive(client, one, out) for one in submitted]
    except Unreachable as error:
        raise CommandError(
            f"no server answers at {server} ({error}); start one with `make serve`"
        ) from error
    except InvalidResponse as error:
        raise CommandError(f"what answers at {server} is not CropShield") from error
    except TimedOut as error:
        raise CommandError(f"job {error}; is a worker running?") from error
    except CropShieldError as error:
        raise CommandError(f"{server}: {error}") from error


def _submit(client: CropShield, number: int, out: Path) -> _Submitted:
    """Draw leaf `number` and submit it. Over the numbers every kind gets every outline."""
    kind = KINDS[number % len(KINDS)]
    leaf = draw_leaf(kind, seed=1 + number + number // len(KINDS))
    buffer = io.BytesIO()
    leaf.photo.save(buffer, "JPEG", quality=92)
    name = f"{number + 1:02}-{kind}"
    (out / f"{name}.jpg").write_bytes(buffer.getvalue())
    return _Submitted(name, leaf.photo, client.submit(buffer.getvalue(), client_ref=name))


def _receive(client: CropShield, submitted: _Submitted, out: Path) -> tuple[Cell, Cell]:
    """The leaf and its overlay, each with a label."""
    job = client.wait(submitted.job, timeout=_TIMEOUT_SECONDS)
    if job.result is None:
        raise JobFailed(job)
    overlay, name = client.overlay(job), submitted.name
    (out / f"{name}-overlay.jpg").write_bytes(overlay)
    label = f"{class_title(job.best.class_name)}, {job.best.confidence:.0%}"
    _say(f"{name}: {label} ({job.result.verdict})")
    with Image.open(io.BytesIO(overlay)) as image:
        drawn = f"drawn {name}", np.asarray(submitted.photo.convert("RGB"))
        return drawn, (label, np.asarray(image.convert("RGB")))


def _say(line: str) -> None:
    print(f"cropshield: {line}", flush=True)  # noqa: T201
