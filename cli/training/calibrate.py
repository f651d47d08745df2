"""`cropshield calibrate`: measure when a model's answers are reliable, and write it on its card."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from cli.cards.edit import update_card
from cli.cards.served import served_card
from cli.errors import CommandError
from cli.photo_notes import warn_about_photos
from engine.evaluation.inference import decode_pixels
from engine.explainer import Explainer
from models.card_errors import CardError
from models.cards.calibration import Calibration
from models.cards.card import Card
from models.training.calibration.fit_calibration import (
    FittedCalibration,
    confident_share,
    fit_calibration,
    flagged_share,
)
from models.training.calibration.outputs import LabelledOutputs, ModelOutputs
from models.training.data.array_cache import Array
from models.training.data.leaf_folder import LeafFolder
from models.training.data.negatives import negatives
from models.verdicts.prototypes import unit_length, write_prototypes
from pictures.errors import PhotoError
from pictures.scenes import TRAIN_KINDS
from workers.allocator import keep_freed_memory

BATCH = 32
MAX_TRAINED_ON = 2_500  # photos of a folder: more move no threshold


@dataclass(frozen=True)
class CalibrateOptions:
    """`each`: pictures of each kind without a leaf; `record`: write the result to the card;
    `trained_on`: folders of photos that the model was trained on, for the prototypes."""

    each: int = 40
    record: bool = False
    json: bool = False
    trained_on: Sequence[Path] = ()


def calibrate(model: str, data: Sequence[Path], options: CalibrateOptions) -> int:
    """Run the command; returns the exit code. Raises CommandError for an unknown model, or photos
    that do not fit it."""
    keep_freed_memory()
    card = served_card(model)
    try:
        folders, seen = (
            [LeafFolder(folder, classes=card.class_names) for folder in roots]
            for roots in (data, options.trained_on)
        )
        leaves, others, trained_on = _outputs(card, folders, seen, options.each)
    except (CardError, PhotoError, OSError) as error:
        raise CommandError(str(error)) from error
    code = max(warn_about_photos(photos) for photos in (*folders, *seen))
    found = fit_calibration(leaves, others, trained_on)
    means = write_prototypes(found.prototypes)
    calibration = doubt_table(card, data, found, means)
    if options.record:
        record(card, calibration, means)
    rows = [_row(kind, own, found) for kind, own in others.items()]
    if options.json:
        print(json.dumps(calibration.model_dump() | {"kinds": rows}, indent=2))  # noqa: T201
    else:
        _print(card, calibration, rows)
    return code


def _outputs(
    card: Card, folders: Sequence[LeafFolder], seen: Sequence[LeafFolder], each: int
) -> tuple[LabelledOutputs, dict[str, ModelOutputs], LabelledOutputs | None]:
    """The model's outputs for the photos of `folders`, for other pictures by kind, `each` of every
    kind, and for photos that it was trained on."""
    for folder in seen:
        folder.keep_at_most(MAX_TRAINED_ON)
    explainer = Explainer(card.model_copy(update={"doubt": None}), precision="auto")
    leaves = labelled_outputs(explainer, folders)
    trained_on = labelled_outputs(explainer, seen) if seen else None
    kinds = negatives(folders[0].paths, each, card.preprocessing.size)
    others = {kind: model_outputs(explainer, list(own)) for kind, own in kinds.items()}
    return leaves, others, trained_on


def doubt_table(
    card: Card, data: Sequence[Path], found: FittedCalibration, means: bytes
) -> Calibration:
    """What goes on the card. `data`: the folders of photos; `means`: the file of prototypes."""
    return Calibration(
        **found.figures,
        data=", ".join(f"{one.resolve().parent.name}/{one.resolve().name}" for one in data),
        means=card.weights_path.with_suffix(".means.npz").name,
        means_sha256=hashlib.sha256(means).hexdigest(),
    )


def record(card: Card, calibration: Calibration, means: bytes) -> None:
    """Write the means beside the weights, then the table on the card, which names them."""
    card.weights_path.with_name(calibration.means).write_bytes(means)
    update_card(card.path, calibration.model_dump(), "doubt")


def labelled_outputs(explainer: Explainer, folders: Sequence[LeafFolder]) -> LabelledOutputs:
    """The model's outputs for the photos of all folders in turn.

    Photos that cannot be read are left out of the folders. Raises CardError where that is all.
    """
    read = partial(decode_pixels, card=explainer.card)
    found = [model_outputs(explainer, photos.each(read)) for photos in folders]
    sizes = torch.tensor([len(photos.labels) for photos in folders])
    return LabelledOutputs(
        ModelOutputs(
            torch.cat([one.logits for one in found]), torch.cat([one.features for one in found])
        ),
        torch.cat([photos.labels for photos in folders]),
        torch.arange(len(folders)).repeat_interleave(sizes),
    )


def model_outputs(explainer: Explainer, pixels: Iterable[Array]) -> ModelOutputs:
    """The model's outputs for pictures, uint8 (h, w, 3)."""
    waiting, logits, features = iter(pixels), list[Tensor](), list[Tensor]()
    while batch := list(islice(waiting, BATCH)):
        result = explainer.forward(batch)
        logits.append(torch.from_numpy(result.logits))
        features.append(torch.from_numpy(unit_length(result.pooled())))
    return ModelOutputs(torch.cat(logits), torch.cat(features))


def _row(kind: str, own: ModelOutputs, found: FittedCalibration) -> dict[str, Any]:
    return {
        "kind": kind,
        "seen_in_training": kind in TRAIN_KINDS,
        "auroc": found.figures["auroc"][kind],
        "flagged": flagged_share(own, found),
        "confident": confident_share(own, found),
    }


def _print(card: Card, calibration: Calibration, rows: Sequence[dict[str, Any]]) -> None:
    table = Table("pictures of no leaf", "AUROC", "flagged", "confident")
    for row in sorted(rows, key=lambda row: (row["seen_in_training"], row["kind"])):
        name = f"{row['kind']} (a kind of training)" if row["seen_in_training"] else row["kind"]
        shares = f"{row['flagged']:.0%}", f"{row['confident']:.0%}"
        table.add_row(name, f"{row['auroc']:.4f}", *shares)
    console = Console()
    console.print(
        f"{card.id} on {calibration.photos:,} photos of {calibration.data}: "
        f"temperature {calibration.temperature}, ECE {calibration.ece:.4f}; "
        f"{calibration.passed:.1%} pass, {calibration.confident:.1%} are confident, "
        f"{calibration.confident_right:.2%} of those right"
    )
    console.print(table)
