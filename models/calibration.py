"""Confidence, prototypes and verdicts: how sure a model is, the same in every runtime."""

from io import BytesIO

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from models.card import Card
from models.verdict import Calibration, Verdict, verdict_of


def pooled_features(activations: Tensor) -> Tensor:
    """The mean of each of the target layer's maps, at length 1: (N, K, h, w) -> (N, K) float32."""
    return F.normalize(activations.detach().float().mean(dim=(2, 3)), dim=1).cpu()


def prototype_similarity(features: Tensor, means: Tensor) -> Tensor:
    """Cosine between a photo's features and the nearest class mean, (N,) in [-1, 1].

    features: (N, K) out of `pooled_features`; means: (classes, K), of length 1. High for photos
    like those of training, whatever the logits say.
    """
    return (features @ means.T).amax(dim=1)


def confidences(logits: Tensor, calibration: Calibration | None) -> Tensor:
    """softmax(logits / temperature), float32 (N, classes) (Guo et al. 2017)."""
    temperature = calibration.temperature if calibration else 1.0
    return (logits.detach().float() / temperature).softmax(dim=1)


def top_two_margins(confidence: Tensor) -> Tensor:
    """The best confidence minus the second best, (N, classes) -> (N,) in [0, 1].

    The second best of a model with a single class is 0.
    """
    best = confidence.topk(min(2, confidence.shape[1]), dim=1).values
    return best[:, 0] - (best[:, 1] if best.shape[1] > 1 else 0.0)


class VerdictScorer:
    """Scores and verdicts by a card's [doubt] table and the class means that it names.

    Raises CardError for means that are missing or not those of the card.
    """

    def __init__(self, card: Card) -> None:
        self._card = card
        self._thresholds = card.doubt.thresholds if card.doubt else None
        self._means = read_means(card) if card.doubt else None

    def __call__(
        self, activations: Tensor, confidence: Tensor
    ) -> list[tuple[float | None, Verdict]]:
        """Score and verdict of each photo; the score is None where the card has no table.

        activations: (N, K, h, w); confidence: (N, classes). Raises CardError where the class
        means have other channels than the activations.
        """
        margins = top_two_margins(confidence).tolist()
        if self._means is None:
            return [(None, verdict_of(None, margin, None)) for margin in margins]
        if activations.shape[1] != self._means.shape[1]:
            had, needed = self._means.shape[1], activations.shape[1]
            message = f"{had} channels, but {self._card.target_layer} has {needed}"
            raise self._card.wrong("doubt.means", f"{message}; run cropshield calibrate")
        scores = prototype_similarity(pooled_features(activations), self._means).tolist()
        pairs = zip(scores, margins, strict=True)
        return [(score, verdict_of(score, margin, self._thresholds)) for score, margin in pairs]


def read_means(card: Card) -> Tensor:
    """The prototypes of a calibrated card, float32 (prototypes, K): the mean of each class in each
    folder of photos that it was calibrated on. Raises CardError for a file that is missing, not the
    card's, or no such array."""
    data = card.read_means()
    try:
        means = torch.from_numpy(np.load(BytesIO(data), allow_pickle=False)).float()
    except (ValueError, EOFError, TypeError) as error:
        raise card.wrong("doubt.means", f"is no array: {error}") from error
    if means.ndim != 2 or not len(means):
        needed = "(prototypes, channels)"
        raise card.wrong("doubt.means", f"has shape {tuple(means.shape)}, not {needed}")
    return F.normalize(means, dim=1)


def write_means(means: Tensor) -> bytes:
    """The content of a file of prototypes, float32 (prototypes, K): an .npy of float16."""
    buffer = BytesIO()
    np.save(buffer, means.numpy().astype(np.float16))
    return buffer.getvalue()
