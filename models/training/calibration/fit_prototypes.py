"""Class means, and the score of a photo by them."""

import torch
from torch import Tensor
from torch.nn import functional as F

from models.training.calibration.outputs import LabelledOutputs, ModelOutputs
from models.verdicts.prototypes import Prototypes

SHRINKAGE = 0.3
"""How far the covariance within classes is shrunk towards a sphere: few photos say little about
many channels."""
FOLDS = 5


def fit_prototypes(photos: LabelledOutputs) -> Prototypes:
    """The prototypes of the photos' features; folders weigh alike in centre and whitening.

    The whitening undoes the covariance within a class of a folder, shrunk towards a sphere.
    """
    features, labels, folders = photos.outputs.features, photos.labels, photos.folders
    weights = (1 / torch.bincount(folders))[folders][:, None]
    centre = (features * weights).sum(dim=0) / weights.sum()
    _, groups = torch.unique(folders * (labels.max() + 1) + labels, return_inverse=True)
    apart = features - group_means(features, groups)[groups]
    covariance = (apart * weights).T @ apart / weights.sum()
    spread = covariance.diagonal().mean().clamp(min=1e-8)
    sphere = spread * torch.eye(len(covariance))
    shrunk = torch.lerp(covariance, sphere, SHRINKAGE)
    whitening = torch.linalg.cholesky(torch.linalg.inv(shrunk)) * spread.sqrt()
    projected = F.normalize((features - centre) @ whitening, dim=1)
    means = F.normalize(group_means(projected, groups), dim=1)
    return Prototypes(centre.numpy(), whitening.numpy(), means.numpy())


def group_means(features: Tensor, groups: Tensor) -> Tensor:
    """The mean of the features (n, K) of each group, (groups, K)."""
    sums = torch.zeros(int(groups.max()) + 1, features.shape[1]).index_add(0, groups, features)
    return sums / torch.bincount(groups)[:, None]


def cross_validated_scores(photos: LabelledOutputs) -> Tensor:
    """The score of each photo, (n,), by prototypes of the photos of other folds: what a new photo
    would get."""
    count = len(photos.labels)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(0))
    scores = torch.zeros(count)
    for fold in range(min(FOLDS, count)):
        own = torch.zeros(count, dtype=torch.bool)
        own[order[fold::FOLDS]] = True
        prototypes = fit_prototypes(_chosen(photos, ~own))
        scores[own] = similarity(photos.outputs.features[own], prototypes)
    return scores


def _chosen(photos: LabelledOutputs, which: Tensor) -> LabelledOutputs:
    logits, features = photos.outputs.logits[which], photos.outputs.features[which]
    return LabelledOutputs(
        ModelOutputs(logits, features), photos.labels[which], photos.folders[which]
    )


def similarity(features: Tensor, prototypes: Prototypes) -> Tensor:
    """As `Prototypes.similarity`."""
    return torch.from_numpy(prototypes.similarity(features.numpy()))
