"""Confidence, prototypes and verdicts: how sure a model is, the same in every runtime."""

from io import BytesIO
from typing import NamedTuple
from zipfile import BadZipFile

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


class Prototypes(NamedTuple):
    """The classes as a model sees them: one mean for each class and folder of photos.

    `means` (prototypes, K), of length 1, stand in a space in which directions count the less the
    more they vary within a class: features less `centre` (K,), times `whitening` (K, K). Distance
    there is that of Lee et al. 2018, "A Simple Unified Framework for Detecting Out-of-Distribution
    Samples", as an angle.
    """

    centre: Array
    whitening: Array
    means: Array

    def project(self, features: Array) -> Array:
        """Features of length 1, (N, K), in that space, (N, K), again of length 1."""
        whitened = (features - self.centre) @ self.whitening
        return unit_length(np.asarray(whitened, np.float32))

    def similarity(self, features: Array) -> Array:
        """Cosine between a photo's features and the nearest prototype, (N,) in [-1, 1].

        features: (N, K), the means of the target layer's maps, of length 1. High for photos like
        those of training, whatever the logits say.
        """
        nearest: Array = (self.project(features) @ self.means.T).max(axis=1)
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
        self._prototypes = read_prototypes(card) if card.doubt else None

    def __call__(self, pooled: Array, confidence: Array) -> list[tuple[float | None, Verdict]]:
        """Score and verdict of each photo; the score is None where the card has no table.

        pooled: the mean of each of the target layer's maps, (N, K); confidence: (N, classes).
        Raises CardError where the prototypes have other channels.
        """
        margins = top_two_margins(confidence).tolist()
        if self._prototypes is None:
            return [(None, verdict_of(None, margin, None)) for margin in margins]
        if pooled.shape[1] != len(self._prototypes.centre):
            had, needed = len(self._prototypes.centre), pooled.shape[1]
            message = f"{had} channels, but {self._card.target_layer} has {needed}"
            raise self._card.wrong("doubt.means", f"{message}; run cropshield calibrate")
        scores = self._prototypes.similarity(unit_length(pooled)).tolist()
        pairs = zip(scores, margins, strict=True)
        return [(score, verdict_of(score, margin, self._thresholds)) for score, margin in pairs]


def read_prototypes(card: Card) -> Prototypes:
    """The prototypes of a calibrated card, float32.

    Raises CardError for a file that is missing, not the card's, or holds no such arrays.
    """
    content = card.read_means()
    try:
        loaded = np.load(BytesIO(content), allow_pickle=False)
        arrays = dict(loaded) if isinstance(loaded, np.lib.npyio.NpzFile) else {"means": loaded}
        found = {name: array.astype(np.float32) for name, array in arrays.items()}
        means = found["means"]
    except (ValueError, EOFError, TypeError, KeyError, AttributeError, BadZipFile) as error:
        raise card.wrong("doubt.means", f"holds no array of means: {error}") from error
    if means.ndim != 2 or not len(means):
        needed = "(prototypes, channels)"
        raise card.wrong("doubt.means", f"has shape {tuple(means.shape)}, not {needed}")
    channels = means.shape[1]
    centre = found.get("centre", np.zeros(channels, np.float32))  # older files have means alone
    whitening = found.get("whitening", np.eye(channels, dtype=np.float32))
    if centre.shape != (channels,) or whitening.shape != (channels, channels):
        shapes = f"{tuple(centre.shape)} and {tuple(whitening.shape)}"
        message = f"has a centre and whitening of {shapes}, which do not fit {channels} channels"
        raise card.wrong("doubt.means", message)
    return Prototypes(centre, whitening, unit_length(means))


def write_prototypes(prototypes: Prototypes) -> bytes:
    """The content of a file of prototypes: an .npz of float16."""
    buffer = BytesIO()
    arrays = {name: array.astype(np.float16) for name, array in prototypes._asdict().items()}
    np.savez(buffer, **arrays)
    return buffer.getvalue()
