"""Which labels are likely wrong: confident learning, Northcutt et al. 2021."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class LabelError:
    """A photo by its index, and the class that it more likely is. `margin`: by how much the
    model prefers that one, in (0, 1]."""

    index: int
    likely: int
    margin: float


def likely_label_errors(
    confidences: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]
) -> list[LabelError]:
    """Photos off the diagonal of the confident joint, the clearest first.

    confidences: (n, classes), softmax, of a model that was not trained on these labels. A photo
    counts for the classes whose confidence is at least the mean confidence of the photos with that
    label; where there are several, for the most confident one.
    """
    thresholds = _thresholds(confidences, labels)
    above = np.where(confidences >= thresholds, confidences, -1.0)
    likely = above.argmax(axis=1)
    indices = np.nonzero((above.max(axis=1) > 0) & (likely != labels))[0]
    margins = confidences[indices, likely[indices]] - confidences[indices, labels[indices]]
    found = zip(indices.tolist(), likely[indices].tolist(), margins.tolist(), strict=True)
    errors = [LabelError(*one) for one in found]
    return sorted((error for error in errors if error.margin > 0), key=lambda one: -one.margin)


def _thresholds(
    confidences: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """Mean confidence in a class over its own photos, (classes,); 1 where there are none."""
    means = np.ones(confidences.shape[1], np.float32)
    for label in np.unique(labels):
        means[label] = confidences[labels == label, label].mean()
    return means
