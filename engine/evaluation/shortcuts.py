"""Shortcuts, measured: what a model may look at in place of the leaf."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from engine.diagnostics import diagnose_photo
from engine.evaluation.drawn_leaves import judge_drawn_leaves, mean_scores
from engine.evaluation.inference import decode_photo, predict_logits
from engine.explainer import Explainer, Request
from models.cards.card import Card, Preprocessing
from models.decode_size import decode_for
from models.training.augmentation.augment import to_float_planes
from models.training.augmentation.background import on_grounds
from models.training.data.leaf_folder import LeafFolder
from models.training.data.photos import mask_of, stretched
from pictures.decoding.decode import decode
from pictures.pixels import Pixels

QUALITY, SEED, DRAWN = 30, 0, 30
_BATCH = 16
_WHOLE = 1 << 16  # more pixels than a photo's side can have


def measure_shortcuts(
    card: Card, network: nn.Module, photos: LeafFolder, original: float, drawn: int = DRAWN
) -> dict[str, float]:
    """The figures of the card's [metrics.shortcuts], in [0, 1], and how many photos each was
    measured on.

    `original`: the accuracy on the photos as they are.
    """
    return {
        "original": original,
        "recompressed": accuracy_recompressed(card, network, photos),
        **accuracy_on_other_grounds(card, network, photos),
        **heat_on_leaf(card, network, photos),
        **mean_scores(list(judge_drawn_leaves(card, network, drawn))),
    }


def accuracy_recompressed(card: Card, network: nn.Module, photos: LeafFolder) -> float:
    """Accuracy on copies of the photos saved as JPEG of quality 30."""
    copies = (recompress(path, card.preprocessing.size) for path in photos.paths)
    return accuracy(predict_logits(card, network, copies), photos.labels)


def accuracy_on_other_grounds(
    card: Card, network: nn.Module, photos: LeafFolder
) -> dict[str, float]:
    """The accuracy on photos whose leaf can be cut out, and on the same leaves pasted on other
    grounds. The grounds are the same at each call."""
    masks = [mask_of(path) for path in photos.paths]
    known = [index for index, mask in enumerate(masks) if mask.any()]
    if not known:
        return {"cut_out_photos": 0}
    paths, labels = [photos.paths[index] for index in known], photos.labels[known]
    squares = [stretched(path, card.preprocessing.size) for path in paths]
    moved = _moved(squares, [masks[index] for index in known])
    return {
        "cut_out_photos": len(known),
        "own_ground": accuracy(predict_logits(card, network, squares), labels),
        "other_ground": accuracy(predict_logits(card, network, moved), labels),
    }


def heat_on_leaf(card: Card, network: nn.Module, photos: LeafFolder) -> dict[str, float]:
    """The median share of a map's heat that lies on the leaf, where one is found."""
    explainer = Explainer(card, model=network)
    shares: list[float] = []
    for start in range(0, len(photos), _BATCH):
        batch = [decode_photo(path, card) for path in photos.paths[start : start + _BATCH]]
        for photo, made in zip(
            batch, explainer.explain(batch, [Request()] * len(batch)), strict=True
        ):
            name = made.predictions[0].class_name
            (best,) = made.maps
            share = diagnose_photo(best.heatmap, photo.pixels, name, best.box).leaf_share
            shares += [] if share is None else [share]
    return {"leaf_photos": len(shares), **({"heat_on_leaf": median(shares)} if shares else {})}


def accuracy(logits: Tensor, labels: Tensor) -> float:
    return float((logits.argmax(dim=1) == labels).double().mean())


def recompress(path: str | Path, min_side: int, quality: int = QUALITY) -> Pixels:
    """The photo saved as a JPEG and decoded again, uint8 (h, w, 3)."""
    whole = Image.fromarray(decode(Path(path).read_bytes(), min_side=_WHOLE).pixels)
    whole.save(file := io.BytesIO(), "JPEG", quality=quality)
    return decode_for(Preprocessing(size=min_side), file.getvalue()).pixels


def _moved(squares: Sequence[Pixels], masks: Sequence[Pixels]) -> Iterator[Pixels]:
    """Every leaf on another ground, with random numbers of its own that are the same each time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        for start in range(0, len(squares), _BATCH):
            part = slice(start, start + _BATCH)
            photos, leaves = (
                to_float_planes(torch.from_numpy(np.stack(each[part]))) for each in (squares, masks)
            )
            laid = on_grounds(photos, leaves, 1.0)
            yield from (laid * 255).round().byte().permute(0, 2, 3, 1).numpy()
