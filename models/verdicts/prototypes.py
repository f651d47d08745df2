"""The classes as a model sees them, and the score by which `unknown` and `not_a_leaf` are told."""

from io import BytesIO
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np

from models.cards.card import Card
from models.verdicts.confidence import Array


def unit_length(rows: Array) -> Array:
    """Each of `rows`, float32 (n, K), at length 1; zeros stay zeros."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Array = rows / np.maximum(length, np.float32(1e-12))
    return scaled


class Prototypes(NamedTuple):
    """One mean for each class and folder of photos.

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
