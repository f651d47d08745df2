"""Maps judged on drawn leaves, whose lesions are known."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import torch
from torch import nn

from engine.cam.gradcam import GradCAM
from engine.device import device_of
from engine.faithfulness import Faithfulness, measure_faithfulness
from engine.photos.transforms import prepare_tensor
from models.cards.card import Card
from pictures.drawn_leaves.leaves import KINDS, DrawnLeaf, draw_leaf
from pictures.maps import WHOLE, Box, Map
from pictures.rendering.blend import upsample
from pictures.segmentation.masks import Mask

SICK = tuple(kind for kind in KINDS if kind != "healthy")
SIZE = 320, 240
STEPS = 8
"""Of each curve of confidences."""


@dataclass(frozen=True)
class JudgedMap:
    """A drawn leaf, its input (1, 3, s, s), the most likely class, its map and the part of the
    photo that it covers; the faithfulness of the map, and of the same map upside down."""

    leaf: DrawnLeaf
    inputs: torch.Tensor
    best: int
    heatmap: Map
    box: Box
    right: Faithfulness
    turned: Faithfulness


def judge_drawn_leaves(
    card: Card, network: nn.Module, count: int, scorer: nn.Module | None = None
) -> Iterator[JudgedMap]:
    """The first `count` drawn leaves with lesions, by seed.

    scorer: gives the same logits as `network`, but faster, for the many passes of the faithfulness.
    """
    cam = GradCAM(network, card.target_layer)
    for seed in range(count):
        leaf = draw_leaf(SICK[seed % len(SICK)], seed, SIZE)
        inputs = prepare_tensor([np.asarray(leaf.photo)], card.preprocessing).to(device_of(network))
        with torch.no_grad():
            best = int(network(inputs).argmax())
        heatmap = cam(inputs, best)
        box = cam.box(heatmap)
        right, turned = (
            measure_faithfulness(scorer or network, inputs, one, best, STEPS, where)
            for one, where in ((heatmap, box), (heatmap[::-1, ::-1], _turned(box)))
        )
        yield JudgedMap(leaf, inputs, best, heatmap, box, right, turned)


def _turned(box: Box) -> Box:
    return Box(1 - box.right, 1 - box.bottom, 1 - box.left, 1 - box.top)


def pointing_game(heatmap: Map, lesions: Mask, box: Box = WHOLE) -> bool:
    """The pointing game (Zhang et al. 2018): whether the hottest pixel is on a lesion."""
    large = upsample(heatmap, lesions.shape[1], lesions.shape[0], box)
    return bool(lesions.flat[int(large.argmax())])


def mean_scores(judged: list[JudgedMap]) -> dict[str, float]:
    """Means in [0, 1]. Compare `pointing` with `lesion_share`, which a random map reaches. Deletion
    is good when low and insertion when high, compared with those of the map upside down."""
    columns = {
        "pointing": [
            float(pointing_game(one.heatmap, one.leaf.lesions, one.box)) for one in judged
        ],
        "lesion_share": [float(one.leaf.lesions.mean()) for one in judged],
        "deletion": [one.right.deletion for one in judged],
        "deletion_turned": [one.turned.deletion for one in judged],
        "insertion": [one.right.insertion for one in judged],
        "insertion_turned": [one.turned.insertion for one in judged],
        "confidence_lost": [one.right.confidence_lost for one in judged],
        "confidence_lost_turned": [one.turned.confidence_lost for one in judged],
    }
    return {name: round(fmean(values), 4) for name, values in columns.items()}
