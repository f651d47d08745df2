"""Distillation: teachers whose predictions a student follows."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.cards.card import Card
from models.networks.weights import load_network
from models.training.initial_weights import other_card

TEMPERATURE, WEIGHT = 2.0, 0.7
_KEY = "training.teachers"


class Teacher:
    """One or several networks that see exactly the student's view (Beyer et al. 2022, "a good
    teacher is patient and consistent")."""

    def __init__(self, *networks: nn.Module) -> None:
        self._networks = networks
        for network in networks:
            network.eval().requires_grad_(requires_grad=False)

    @torch.no_grad()
    def __call__(self, x: Tensor) -> Tensor:
        """The mean prediction for `x` (N, 3, s, s): softened probabilities, float32 (N,
        classes)."""
        with torch.autocast(x.device.type, torch.bfloat16):
            logits = torch.stack([network(x) for network in self._networks])
        return (logits.float() / TEMPERATURE).softmax(dim=2).mean(dim=0)


def load_teachers(student: Card, classes: Sequence[str], device: torch.device) -> Teacher | None:
    """The teachers that the student's recipe names, if any.

    Raises CardError for a card that does not exist, and for a teacher with other classes or other
    preprocessing.
    """
    cards = [_fitting(student, name, classes) for name in student.training.teachers]
    networks = [load_network(card).to(device) for card in cards]
    taught = (network.to(memory_format=torch.channels_last) for network in networks)
    return Teacher(*taught) if networks else None


def _fitting(student: Card, name: str, classes: Sequence[str]) -> Card:
    card = other_card(student, _KEY, name)
    if list(card.class_names) != list(classes):
        raise student.wrong(_KEY, f"teacher {card.id} knows other classes than the photos")
    ours, theirs = student.preprocessing, card.preprocessing
    if (ours.mean, ours.std) != (theirs.mean, theirs.std):
        raise student.wrong(_KEY, f"teacher {card.id} has another mean or std")
    return card


def distillation_loss(loss: Tensor, logits: Tensor, taught: Tensor) -> Tensor:
    """The loss against the labels, plus the weighted distance to the teacher.

    logits: (N, classes); taught: (N, classes), probabilities softened by TEMPERATURE.
    """
    softened = F.log_softmax(logits / TEMPERATURE, dim=1)
    apart = F.kl_div(softened, taught, reduction="batchmean") * TEMPERATURE**2
    return torch.lerp(loss, apart, WEIGHT)
