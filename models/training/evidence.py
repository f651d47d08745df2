"""Evidence off the leaf, fought where it arises: in the map that the class is read from."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.card import Card


class Evidence:
    """What each place of the last feature map says for a class.

    Where mean pooling and one linear layer end a network, a logit is the mean over all places of
    the features times the weights of its class (Zhou et al. 2016, equation 2), so that what is
    off the leaf on that map is exactly what the ground adds. To hold a model to the right places
    while it learns: Ross et al. 2017, "Right for the right reasons".
    """

    def __init__(self, model: nn.Module, size: int) -> None:
        """Follows every forward pass of `model`, which takes photos of `size` pixels a side.
        Raises ValueError where it ends otherwise."""
        pools = [part for part in model.modules() if isinstance(part, nn.AdaptiveAvgPool2d)]
        layers = [part for part in model.modules() if isinstance(part, nn.Linear)]
        if not pools or not layers:
            raise ValueError("it has no mean pooling (AdaptiveAvgPool2d) with a linear layer")
        self._last, self._features = layers[-1], torch.empty(0)
        pools[-1].register_forward_pre_hook(self._keep)
        self._prove(model, size)

    def _keep(self, _: nn.Module, given: tuple[Tensor, ...]) -> None:
        self._features = given[0]

    @torch.no_grad()
    def _prove(self, model: nn.Module, size: int) -> None:
        """A pass in `eval` mode; batch norms and dropout are left as they were."""
        training = model.training
        logits = model.eval()(torch.ones(1, 3, size, size, device=self._last.weight.device))
        model.train(training)
        pooled = self._features.mean((2, 3))
        fits = pooled.shape[1] == self._last.in_features
        if not fits or not torch.allclose(self._last(pooled), logits, rtol=1e-3, atol=1e-3):
            raise ValueError("more than mean pooling and one linear layer ends it")

    def off_leaf(self, labels: Tensor, leaves: Tensor) -> Tensor:
        """The mean share of the evidence for `labels` (n,) that lies off `leaves`, float32
        (n, 1, s, s) in [0, 1], in the latest pass, whose first n photos they are.

        Photos without any leaf do not count; 0 where that is all of them.
        """
        known = leaves.flatten(1).amax(1) > 0.5
        if not known.any():
            return self._features.new_zeros(())
        features = self._features[: len(labels)][known].float()
        weights = self._last.weight[labels[known]]
        maps = torch.einsum("nchw,nc->nhw", features, weights).relu()
        _, height, width = maps.shape
        ground = 1 - F.adaptive_avg_pool2d(leaves[known], (height, width))[:, 0]
        return ((maps * ground).sum((1, 2)) / maps.sum((1, 2)).clamp(min=1e-3)).mean()


def evidence_of(card: Card, model: nn.Module) -> Evidence | None:
    """The evidence of `model`, if the recipe asks for it. Raises CardError where it has none."""
    if not card.training.off_leaf:
        return None
    try:
        return Evidence(model, card.preprocessing.size)
    except ValueError as error:
        raise card.wrong("training.off_leaf", f"of a {card.architecture}: {error}") from error
