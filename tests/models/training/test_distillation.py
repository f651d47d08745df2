"""A student hears its teacher, and only one that it can understand."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from models.card_errors import CardError
from models.cards.card import Card
from models.cards.recipe import Training
from models.training.distillation import TEMPERATURE, Teacher, distillation_loss, load_teachers
from tests.engine.networks import network, photos, save_model

CPU = torch.device("cpu")


def student_of(card: Card, name: str) -> Card:
    return card.model_copy(update={"training": Training(teachers=(name,))})


def test_the_teacher_named_by_the_recipe_stands_beside_the_students_card(tmp_path: Path) -> None:
    card = save_model(tmp_path, network())
    assert load_teachers(card, card.class_names, CPU) is None
    teacher = load_teachers(student_of(card, "tiny"), card.class_names, CPU)
    assert teacher is not None
    x = photos(3)
    with torch.no_grad():
        expected = (network()(x) / TEMPERATURE).softmax(1)
    assert torch.allclose(teacher(x), expected, atol=0.02)


def test_a_teacher_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    card = save_model(tmp_path, network())
    with pytest.raises(CardError, match=r"training\.teachers: unknown model 'nobody'"):
        load_teachers(student_of(card, "nobody"), card.class_names, CPU)
    with pytest.raises(CardError, match="teacher tiny knows other classes"):
        load_teachers(student_of(card, "tiny"), ["Apple__scab"], CPU)
    preprocessing = card.preprocessing.model_copy(update={"mean": (0.5, 0.5, 0.5)})
    other = student_of(card, "tiny").model_copy(update={"preprocessing": preprocessing})
    with pytest.raises(CardError, match="teacher tiny has another mean or std"):
        load_teachers(other, card.class_names, CPU)


def test_following_draws_the_student_to_the_teacher() -> None:
    """The labels say class 0, the teacher says class 1: the gradient goes the teacher's way."""
    logits = torch.zeros(1, 3, requires_grad=True)
    loss = F.cross_entropy(logits, torch.tensor([0]))
    followed = distillation_loss(loss, logits, torch.tensor([[0.0, 1.0, 0.0]]))
    (gradient,) = torch.autograd.grad(followed, logits)
    assert gradient[0, 1] < gradient[0, 0] < gradient[0, 2]


def test_nothing_is_left_to_learn_from_a_teacher_of_the_same_opinion() -> None:
    logits = torch.randn(4, 5)
    taught = (logits / TEMPERATURE).softmax(1)
    assert distillation_loss(torch.tensor(0.0), logits, taught).abs() < 1e-5


def test_several_teachers_are_followed_at_the_mean(tmp_path: Path) -> None:
    x, first, second = photos(3), network(), network(seed=7)
    alone = [Teacher(one)(x) for one in (first, second)]
    assert not torch.allclose(alone[0], alone[1], atol=0.001)
    assert torch.allclose(Teacher(first, second)(x), (alone[0] + alone[1]) / 2, atol=1e-6)


def test_a_teacher_is_never_trained() -> None:
    model = network()
    Teacher(model)
    assert not any(parameter.requires_grad for parameter in model.parameters())
