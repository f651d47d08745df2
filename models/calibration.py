"""Confidence, prototypes and verdicts: how sure a model is, the same in every runtime."""

from io import BytesIO

import numpy as np
import numpy.typing as npt

from models.card import Card
from models.verdict import Calibration, Verdict, verdict_of

Array = npt.NDArray[np.float32]


def unit_length(rows: Array) -> Array:
    """Each of `rows`, float32 (n, K), at length 1; zeros stay zeros."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Array = rows / np.maximum(length, np.float32(1e-12))
    return scaled


def prototype_similarity(features: Array, means: Array) -> Array:
    """Cosine between a photo's features and the nearest class mean, (N,) in [-1, 1].

    features: (N, K), the means of the target layer's maps; means: (classes, K); both of length 1.
    High for photos like those of training, whatever the logits say.
    """
    nearest: Array = (features @ means.T).max(axis=1)
    return nearest


def confidences(logits: Array, calibration: Calibration | None) -> Array:
    """softmax(logits / temperature), float32 (N, classes) (Guo et al. 2017)."""
    scaled = logits / np.float32(calibration.temperature if calibration else 1.0)
    raised = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    shares: Array = raised / raised.sum(axis=1, keepdims=True)
    return shares


def top_two_margins(confidence: Array) -> Array:
    """The best confidence minus the second best, (N, classes) -> (N,) in [0, 1].

    The second best of a model with a single class is 0.
    """
    rising = np.sort(confidence, axis=1)
    margins: Array = rising[:, -1] - (rising[:, -2] if rising.shape[1] > 1 else np.float32(0))
    return margins


class VerdictScorer:
    """Scores and verdicts by a card's [doubt] table and the class means that it names.

    Raises CardError for means that are missing or not those of the card.
    """

    def __init__(self, card: Card) -> None:
        self._card = card
        self._thresholds = card.doubt.thresholds if card.doubt else None
        self._means = read_means(card) if card.doubt else None

    def __call__(self, pooled: Array, confidence: Array) -> list[tuple[float | None, Verdict]]:
        """Score and verdict of each photo; the score is None where the card has no table.

        pooled: the mean of each of the target layer's maps, (N, K); confidence: (N, classes).
        Raises CardError where the class means have other channels.
        """
        margins = top_two_margins(confidence).tolist()
        if self._means is None:
            return [(None, verdict_of(None, margin, None)) for margin in margins]
        if pooled.shape[1] != self._means.shape[1]:
            had, needed = self._means.shape[1], pooled.shape[1]
            message = f"{had} channels, but {self._card.target_layer} has {needed}"
            raise self._card.wrong("doubt.means", f"{message}; run cropshield calibrate")
        scores = prototype_similarity(unit_length(pooled), self._means).tolist()
        pairs = zip(scores, margins, strict=True)
        return [(score, verdict_of(score, margin, self._thresholds)) for score, margin in pairs]


def read_means(card: Card) -> Array:
    """The prototypes of a calibrated card, float32 (prototypes, K): the mean of each class in each
    folder of photos that it was calibrated on. Raises CardError for a file that is missing, not the
    card's, or no such array."""
    data = card.read_means()
    try:
        means = np.load(BytesIO(data), allow_pickle=False).astype(np.float32)
    except (ValueError, EOFError, TypeError, AttributeError) as error:
        raise card.wrong("doubt.means", f"is no array: {error}") from error
    if means.ndim != 2 or not len(means):
        needed = "(prototypes, channels)"
        raise card.wrong("doubt.means", f"has shape {tuple(means.shape)}, not {needed}")
    return unit_length(means)


def write_means(means: Array) -> bytes:
    """The content of a file of prototypes, float32 (prototypes, K): an .npy of float16."""
    buffer = BytesIO()
    np.save(buffer, means.astype(np.float16))
    return buffer.getvalue()
