"""A trained model whose opinion a smaller one follows."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.catalog import Card
from models.training.start import other_card
from models.weights import load_network

TEMPERATURE, WEIGHT = 2.0, 0.7
_KEY = "training.teacher"


class Teacher:
    """Sees the very view that the student sees (Beyer et al. 2022, "a good teacher is patient
    and consistent")."""

    def __init__(self, network: nn.Module) -> None:
        self._network = network.eval().requires_grad_(requires_grad=False)

    @torch.no_grad()
    def __call__(self, x: Tensor) -> Tensor:
        """What it thinks of `x` (N, 3, s, s): softened probabilities, float32 (N, classes)."""
        with torch.autocast(x.device.type, torch.bfloat16):
            logits: Tensor = self._network(x)
        return (logits.float() / TEMPERATURE).softmax(dim=1)


def hire(student: Card, classes: Sequence[str], device: torch.device) -> Teacher | None:
    """The teacher that the student's recipe names, if any.

    Raises CardError where there is none of that name, or it knows other classes or takes
    photos otherwise.
    """
    if not student.training.teacher:
        return None
    card = other_card(student, _KEY, student.training.teacher)
    if list(card.class_names) != list(classes):
        raise student.wrong(_KEY, f"teacher {card.id} knows other classes than the photos")
    ours, theirs = student.preprocessing, card.preprocessing
    if (ours.mean, ours.std) != (theirs.mean, theirs.std):
        raise student.wrong(_KEY, f"teacher {card.id} has another mean or std")
    return Teacher(load_network(card).to(device).to(memory_format=torch.channels_last))


def follow(loss: Tensor, logits: Tensor, taught: Tensor) -> Tensor:
    """The loss against the labels, and with more weight the distance to the teacher.

    logits: (N, classes); taught: (N, classes), probabilities softened by TEMPERATURE.
    """
    softened = F.log_softmax(logits / TEMPERATURE, dim=1)
    apart = F.kl_div(softened, taught, reduction="batchmean") * TEMPERATURE**2
    return torch.lerp(loss, apart, WEIGHT)
