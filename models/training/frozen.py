"""Parts of a network that have learnt enough, and stay as they begin."""

from torch import nn

from models.card import Card


def freeze(card: Card, model: nn.Module) -> None:
    """The parts that the recipe names keep their weights and the statistics of their norms.

    Where these parts come first, nothing is computed backwards through them: with the first two
    of four blocks frozen, a step of `cropshield_lite` (64 photos of 224 px, two cores, bfloat16)
    took half the time. Raises CardError for a part that the model does not have.
    """
    for name in card.training.frozen:
        try:
            part = model.get_submodule(name)
        except AttributeError as error:
            raise card.wrong("training.frozen", f"a {card.architecture} has no {name}") from error
        part.requires_grad_(requires_grad=False)
        part.register_forward_pre_hook(_rest)


def _rest(part: nn.Module, _: object) -> None:
    """In `eval` mode whatever its model is in."""
    part.eval()
