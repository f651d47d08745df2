"""What a step of training makes smaller."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.card import Card
from models.training.augment import Views, mixing
from models.training.distillation import distillation_loss, load_teachers
from models.training.evidence import evidence_of


class Loss:
    """The distance to the labels; to its teachers, and what it reads off the leaf, if the recipe
    says so.

    Raises CardError for a teacher that does not fit, or evidence that cannot be followed.
    """

    def __init__(
        self, card: Card, classes: Sequence[str], model: nn.Module, device: torch.device
    ) -> None:
        self.model, self.classes, self.recipe = model, len(classes), card.training
        self.teacher = load_teachers(card, classes, device)
        self.evidence = evidence_of(card, model)
        self.distance = nn.CrossEntropyLoss(label_smoothing=self.recipe.label_smoothing)

    def __call__(self, views: Views, labels: Tensor, mix: float) -> Tensor:
        """`labels`, (n,), are of the first n views; those after them show none of the classes."""
        photos, y = mixing(self.classes, mix)(views.pixels[: len(labels)], labels)
        blended = y.is_floating_point()
        y = y if blended else F.one_hot(y, self.classes).float()
        none = torch.full_like(y[:1], 1 / self.classes).expand(len(views.pixels) - len(y), -1)
        x = torch.cat([photos, views.pixels[len(labels) :]])
        x = x.contiguous(memory_format=torch.channels_last)
        with torch.autocast(x.device.type, torch.bfloat16):
            logits = self.model(x)
        loss: Tensor = self.distance(logits.float(), torch.cat([y, none]))
        if self.teacher:
            loss = distillation_loss(loss, logits[: len(y)].float(), self.teacher(x[: len(y)]))
        if self.evidence and not blended:
            loss = loss + self.recipe.off_leaf * self.evidence.off_leaf(labels, views.leaves)
        return loss
