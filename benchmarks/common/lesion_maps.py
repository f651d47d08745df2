"""Maps of a model against outlined lesions: every method, at the target layer and at a finer one,
beside pytorch-grad-cam's Grad-CAM. A part of `benchmarks.explanations`."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from pytorch_grad_cam import GradCAM as PyTorchGradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

from engine.cam.gradcam import find_layer
from engine.cam.layers import spatial_layers
from engine.cam.torch_methods import METHODS
from engine.evaluation.lesion_masks import LesionFolder, judge_maps
from engine.evaluation.lesions import Localisation, measure, summary
from engine.explainer import Explainer
from engine.loading import load_weights
from engine.photos.transforms import prepare_tensor
from models.cards.card import Card

Row = dict[str, Any]
COLUMNS = ("pointing", "chance", "auc", "lift", "empty", "right", "pointing_right", "auc_right")


def on_lesions(
    card: Card, masks: Path, photos: Path | None, layers: Sequence[str]
) -> Iterator[Row]:
    """A row for each of our methods at each layer, and one for the peer's Grad-CAM there.

    Layers: the card's, the last one before it whose map is finer, and those of `layers` that the
    model has. Figures as `engine.evaluation.lesions.summary` gives them.
    """
    folder = LesionFolder(masks, photos, card.class_names)
    found = masks.resolve()
    labels = {
        "model": card.id,
        "weights": card.sha256[:16],
        "masks": f"{found.parent.name}/{found.name}",
    }
    for layer in _layers(card, layers):
        for name, judged in _judged(card, layer, folder):
            yield {**labels, "layer": layer, "map": name, **summary(judged)}


def _layers(card: Card, more: Sequence[str]) -> list[str]:
    network = load_weights(card, torch.device("cpu"))
    sizes = spatial_layers(network, card.preprocessing.size)
    names, target = list(sizes), card.target_layer
    before = names[: names.index(target)] if target in names else []
    finer = [name for name in before if sizes[name][1] > sizes[target][1]][-1:]
    return list(dict.fromkeys([target, *finer, *(name for name in more if name in sizes)]))


def _judged(
    card: Card, layer: str, folder: LesionFolder
) -> Iterator[tuple[str, list[Localisation]]]:
    other = card.model_copy(update={"target_layer": layer, "doubt": None})
    judged = list(judge_maps(Explainer(other, "cpu", runtime="torch"), folder, list(METHODS)))
    for name in METHODS:
        yield name, [one[name] for one in judged]
    yield "pytorch-grad-cam", list(_peer(other, folder))


def _peer(card: Card, folder: LesionFolder) -> Iterator[Localisation]:
    """Its map as it gives it: less its minimum, and stretched over the photo."""
    model = load_weights(card, torch.device("cpu"))
    model.to(memory_format=torch.channels_last)
    with PyTorchGradCAM(model, [find_layer(model, card.target_layer)]) as peer:
        for photo in folder.each(card):
            inputs = prepare_tensor([photo.pixels], card.preprocessing)
            (heatmap,) = peer(inputs, [ClassifierOutputTarget(photo.class_index)])
            right = int(peer.outputs.argmax()) == photo.class_index
            yield measure(heatmap, photo.outline, right=right)


def print_lesions(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows as they come, as a table for people."""
    names = {"model": 16, "masks": 12, "layer": 22, "map": 16}
    heads = [f"{name:{width}}" for name, width in names.items()]
    sys.stdout.write(" ".join([*heads, *(f"{name:>14}" for name in COLUMNS)]) + "\n")
    for row in rows:
        cells = [f"{row[name]:{width}}" for name, width in names.items()]
        numbers = [f"{row[name]:14.3f}" if name in row else f"{'':14}" for name in COLUMNS]
        sys.stdout.write(" ".join([*cells, *numbers]) + "\n")
        sys.stdout.flush()
        yield row
