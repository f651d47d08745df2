"""A network before it is trained: frozen parts, and convolutions that stay in float32."""

import torch
from torch import Tensor, nn

from models.cards.card import Card


def freeze(card: Card, model: nn.Module) -> None:
    """Keep the weights, and the statistics of norms, of the parts that the recipe names.

    Where these parts come first, nothing is computed backwards through them: with the first two of
    four blocks frozen, a step of `cropshield_cnn` (64 photos of 224 px, two cores, bfloat16) took
    1.1 s instead of 1.5. Raises CardError for a part that the model does not have, and for frozen
    parts without a `start`, which would stay random.
    """
    if card.training.frozen and not card.training.start:
        raise card.wrong("training.frozen", "without a start these parts would stay random")
    for name in card.training.frozen:
        try:
            part = model.get_submodule(name)
        except AttributeError as error:
            raise card.wrong("training.frozen", f"a {card.architecture} has no {name}") from error
        part.requires_grad_(requires_grad=False)
        part.register_forward_pre_hook(_rest)


def _rest(part: nn.Module, _: object) -> None:
    """Stay in `eval` mode, whatever mode the model is in."""
    part.eval()


class ExactDepthwise(nn.Conv2d):
    """A convolution that stays in float32 under autocast."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch calls it so
        with torch.autocast(input.device.type, enabled=False):
            return super().forward(input.float())


def keep_depthwise_exact(model: nn.Module) -> None:
    """Every depthwise convolution of `model` in float32, its parameters and names untouched.

    Their bfloat16 backward pass is slow on a CPU: a step of efficientnet_b0 (64 photos of
    96 px, two cores) took 854 ms all in bfloat16, 586 in float32, 492 with these kept back.
    """
    for module in model.modules():
        if type(module) is nn.Conv2d and module.groups == module.in_channels > 1:
            module.__class__ = ExactDepthwise
