"""What a model says of the photos that it is calibrated on."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class ModelOutputs:
    """A model's outputs for n pictures: `logits` (n, classes), and `features` (n, K), the means of
    the target layer's maps, of length 1."""

    logits: Tensor
    features: Tensor


@dataclass(frozen=True)
class LabelledOutputs:
    """A model's outputs for n photos, with their labels, int64 (n,), and the number of the folder
    of each, int64 (n,), such as laboratory or field."""

    outputs: ModelOutputs
    labels: Tensor
    folders: Tensor
