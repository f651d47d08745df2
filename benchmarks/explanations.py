"""What a model's maps are worth: `python -m benchmarks.explanations [FOLDER] [--lesions …]`.

On drawn leaves, whose lesions are known: our maps against pytorch-grad-cam's, the pointing
game (is the hottest pixel on a lesion), faithfulness of the map, of the same map turned upside
down and of the same map as other libraries lay it on a photo, and how well the leaf mask finds the
leaf on each ground. On the photos of FOLDER
(`Crop__disease/photo.jpg`): where the numbers of the diagnostics lie and how often each
warning fires, for thresholds that should fire on under 5 % of right predictions. With
`--lesions MASKS [PHOTOS]`, which may come several times, laid out as for `cropshield evaluate
--lesions`: whether the heat lies on lesions that somebody outlined.
"""

import argparse
import random
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from pytorch_grad_cam import GradCAM as PyTorchGradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

from benchmarks.common.lesion_maps import on_lesions, print_lesions
from benchmarks.common.measuring import write
from engine.cam.gradcam import GradCAM
from engine.diagnostics import WARNINGS, Diagnostics, diagnose_photo
from engine.evaluation.drawn_leaves import STEPS, JudgedMap, judge_drawn_leaves, mean_scores
from engine.explainer import Explainer, Request
from engine.faithfulness import measure_faithfulness
from engine.loading import load_weights
from engine.runtimes.base import RuntimeOptions
from engine.runtimes.select import select_runtime
from models.cards.card import Card
from models.cards.class_names import is_healthy
from models.catalog import Catalog
from models.decode_size import decode_for
from pictures.drawn_leaves.leaves import DrawnLeaf
from pictures.maps import WHOLE
from pictures.segmentation.leaf_mask import SIDE, leaf_mask

NUMBERS = ("focus", "border_share", "leaf_share", "flatness")
Row = dict[str, Any]


class Served(nn.Module):
    """A model as a CPU serves it, by its graph, in float32: the logits alone, several times as fast
    as in torch."""

    def __init__(self, card: Card) -> None:
        super().__init__()
        options = RuntimeOptions("graph", threads=torch.get_num_threads())
        self.runtime = select_runtime(card, "cpu", None, options).runtime

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(self.runtime.forward(inputs.numpy()).logits)


def on_drawn_leaves(card: Card, count: int) -> Row:
    """Means over `count` drawn leaves with lesions; the difference to the peer is the largest."""
    model, served = load_weights(card, torch.device("cpu")), Served(card)
    model.to(memory_format=torch.channels_last)
    cam = GradCAM(model, card.target_layer)
    judged = list(judge_drawn_leaves(card, model, count, served))
    return {
        "photos": "drawn leaves",
        "count": count,
        "difference_to_pytorch_grad_cam": max(_difference(cam, one) for one in judged),
        "leaf_mask_overlap": round(float(np.mean([_mask_overlap(one.leaf) for one in judged])), 4),
        **mean_scores(judged),
        **{f"{name}_as_others_draw": value for name, value in _as_others_draw(served, judged)},
    }


def _as_others_draw(model: nn.Module, judged: list[JudgedMap]) -> Iterator[tuple[str, float]]:
    """The same maps, taken to cover the photo."""
    covering = [
        replace(
            one,
            box=WHOLE,
            right=measure_faithfulness(model, one.inputs, one.heatmap, one.best, STEPS),
        )
        for one in judged
    ]
    for name, value in mean_scores(covering).items():
        if name in ("pointing", "deletion", "insertion", "confidence_lost"):
            yield name, value


def on_photos(card: Card, folder: Path, count: int) -> list[Row]:
    """The diagnostics of a seeded draw of photos, by whether the model was right."""
    explainer = Explainer.load(card, "cpu")
    paths = sorted(path for path in folder.glob("*/*") if path.is_file())
    groups: dict[str, list[Diagnostics]] = {
        "right, a disease": [],
        "right, healthy": [],
        "wrong": [],
    }
    for path in random.Random(0).sample(paths, min(count, len(paths))):
        photo = decode_for(card.preprocessing, path.read_bytes())
        (made,) = explainer.explain([photo], [Request()])
        name = made.predictions[0].class_name
        kind = "right, healthy" if is_healthy(name) else "right, a disease"
        group = groups[kind if name == path.parent.name else "wrong"]
        (best,) = made.maps
        group.append(diagnose_photo(best.heatmap, photo.pixels, name, best.box))
    return [_table(name, found) for name, found in groups.items() if found]


def _difference(cam: GradCAM, one: JudgedMap) -> float:
    """The largest, cell by cell; its map is taken before it scales by minimum and maximum."""
    with PyTorchGradCAM(cam.model, [cam.target_layer]) as peer:
        peer(one.inputs, [ClassifierOutputTarget(one.best)])
        recorded = peer.activations_and_grads
        parts = recorded.activations[0].numpy(), recorded.gradients[0].numpy()
        raw = peer.get_cam_image(one.inputs, cam.target_layer, [], *parts, eigen_smooth=False)[0]
    raw = np.maximum(raw, 0)
    return float(np.abs(raw / (raw.max() or 1) - one.heatmap).max())


def _mask_overlap(leaf: DrawnLeaf) -> float:
    found = leaf_mask(np.asarray(leaf.photo))
    small = Image.fromarray(leaf.leaf).convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    true = np.asarray(small) > 127
    return 0.0 if found is None else float((found & true).sum() / (found | true).sum())


def _table(name: str, found: list[Diagnostics]) -> Row:
    made: Row = {"photos": name, "count": len(found)}
    for number in NUMBERS:
        values = [value for one in found if (value := getattr(one, number)) is not None]
        made[f"{number}, 5 25 50 75 95 %"] = (
            np.percentile(values, [5, 25, 50, 75, 95]).round(3).tolist()
        )
    for warning in WARNINGS:
        made[warning] = round(float(np.mean([warning in one.warnings for one in found])), 4)
    return made


def _drawn_and_photos(cards: Sequence[Card], chosen: argparse.Namespace) -> Iterator[Row]:
    for card in cards:
        of = {"model": card.id, "weights": card.sha256[:16]}
        if chosen.drawn:
            yield of | on_drawn_leaves(card, chosen.drawn)
        if chosen.folder is not None:
            yield from (of | row for row in on_photos(card, chosen.folder, chosen.count))


def _lesions(cards: Sequence[Card], chosen: argparse.Namespace) -> Iterator[Row]:
    for masks, *photos in chosen.lesions:
        for card in cards:
            yield from on_lesions(card, masks, next(iter(photos), None), chosen.layers)


def _print(rows: Sequence[Row]) -> None:
    for row in rows:
        sys.stdout.write(f"{row['model']}, {row['photos']}: {row['count']}\n")
        for key, value in list(row.items())[4:]:
            sys.stdout.write(f"  {key:34} {value}\n")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path, nargs="?")
    options.add_argument("--model", nargs="*", default=[card.id for card in Catalog()])
    options.add_argument("--count", type=int, default=600)
    options.add_argument("--drawn", type=int, default=120, help="drawn leaves; 0 for none")
    options.add_argument("--lesions", type=Path, nargs="+", action="append", default=[])
    options.add_argument("--layers", nargs="*", default=[], help="more layers for --lesions")
    options.add_argument("--threads", type=int, default=torch.get_num_threads())
    chosen = options.parse_args()
    if any(len(given) > 2 for given in chosen.lesions):
        options.error("--lesions takes a folder of masks and, where they are elsewhere, of photos")
    warnings.simplefilter("ignore")
    torch.set_num_threads(chosen.threads)
    cards = [Catalog()[name] for name in chosen.model]
    if rows := list(_drawn_and_photos(cards, chosen)):
        _print(rows)
        write("explanations", {}, rows)
    if chosen.lesions:
        write("explanations-lesions", {}, list(print_lesions(_lesions(cards, chosen))))


if __name__ == "__main__":
    main()
