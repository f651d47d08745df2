"""The loss that training minimises."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.cards.card import Card
from models.training.augmentation.augment import Views
from models.training.augmentation.cutmix import LocatedLabels, located_cutmix
from models.training.distillation import distillation_loss, load_teachers
from models.training.evidence import Evidence, evidence_of
from models.training.randomness import rng


class Loss:
    """The distance to the labels; and, if the recipe says so, to the teachers, and the evidence
    outside of the leaf or lesions.

    Raises CardError for a teacher that does not fit, or a model whose evidence cannot be read.
    """

    def __init__(
        self, card: Card, classes: Sequence[str], model: nn.Module, device: torch.device
    ) -> None:
        self.model, self.classes, self.recipe = model, len(classes), card.training
        self.teacher = load_teachers(card, classes, device)
        self.evidence = evidence_of(card, model)
        self.distance = nn.CrossEntropyLoss(label_smoothing=self.recipe.label_smoothing)

    def __call__(self, views: Views, labels: Tensor, costs: Tensor, mix: float) -> Tensor:
        """`labels` and `costs`, (n,), are of the first n views; the views after them show none of
        the classes. `mix` is the probability of located CutMix."""
        photos, others = views.pixels[: len(labels)], views.pixels[len(labels) :]
        located = [LocatedLabels(labels, 1.0, views.regions, costs)]
        if rng.random() < mix:
            photos, located = located_cutmix(photos, *located)
        x = torch.cat([photos, others]).contiguous(memory_format=torch.channels_last)
        with torch.autocast(x.device.type, torch.bfloat16):
            logits = self.model(x)
        targets = torch.cat([self.targets_of(located), self.even_targets(others)])
        loss: Tensor = self.distance(logits.float(), targets)
        if self.teacher:
            taught = self.teacher(x[: len(labels)])
            loss = distillation_loss(loss, logits[: len(labels)].float(), taught)
        if self.evidence:
            loss = loss + self.recipe.off_leaf * share_outside_regions(self.evidence, located)
        return loss

    def targets_of(self, located: Sequence[LocatedLabels]) -> Tensor:
        """The share of each class in each photo, float32 (n, classes)."""
        parts = [part.share * F.one_hot(part.labels, self.classes) for part in located]
        return torch.stack(parts).sum(0)

    def even_targets(self, others: Tensor) -> Tensor:
        """The target of a picture without a leaf: all classes equally."""
        return others.new_full((len(others), self.classes), 1 / self.classes)


def share_outside_regions(evidence: Evidence, located: Sequence[LocatedLabels]) -> Tensor:
    """The mean share of the evidence that lies in the wrong place, each photo weighted by its cost.
    A photo whose evidence may lie anywhere counts as zero."""
    parts = [
        part.share * part.costs * evidence.share_outside(part.labels, part.regions)
        for part in located
    ]
    return torch.stack(parts).sum(0).mean()
