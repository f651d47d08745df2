"""Evidence beside the disease, penalised on the map that the class is read from."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.cards.card import Card

_ENOUGH = 5 / 8


class Evidence:
    """How much each cell of the last feature map adds to a class.

    Where a network ends in mean pooling and one linear layer, a logit is the mean over all cells of
    the features times the weights of its class (Zhou et al. 2016, equation 2). What lies beside the
    disease on that map is exactly what the rest of the photo adds. Holding a model to the right
    places in training: Ross et al. 2017, "Right for the right reasons".
    """

    def __init__(self, model: nn.Module, size: int) -> None:
        """Hooks every forward pass of `model`, which takes photos of `size` pixels a side. Raises
        ValueError where the model does not end in pooling and one linear layer."""
        pools = [part for part in model.modules() if isinstance(part, nn.AdaptiveAvgPool2d)]
        layers = [part for part in model.modules() if isinstance(part, nn.Linear)]
        if not pools or not layers:
            raise ValueError("it has no mean pooling (AdaptiveAvgPool2d) with a linear layer")
        self._last, self._features = layers[-1], torch.empty(0)
        pools[-1].register_forward_pre_hook(self._keep_features)
        self._check_head(model, size)

    def _keep_features(self, _: nn.Module, given: tuple[Tensor, ...]) -> None:
        self._features = given[0]

    @torch.no_grad()
    def _check_head(self, model: nn.Module, size: int) -> None:
        """A pass in `eval` mode; batch norms and dropout are left as they were."""
        training = model.training
        logits = model.eval()(torch.ones(1, 3, size, size, device=self._last.weight.device))
        model.train(training)
        pooled = self._features.mean((2, 3))
        fits = pooled.shape[1] == self._last.in_features
        if not fits or not torch.allclose(self._last(pooled), logits, rtol=1e-3, atol=1e-3):
            raise ValueError("more than mean pooling and one linear layer ends it")

    def share_outside(self, labels: Tensor, regions: Tensor) -> Tensor:
        """The share of the evidence for `labels` (n,) that lies outside of `regions`, float32 (n,
        1, h, w) in [0, 1], in the latest pass, whose first n photos these are: (n,).

        A cell of the map is inside when a region covers at least five eighths of it.
        """
        features = self._features[: len(labels)].float()
        maps = torch.einsum("nchw,nc->nhw", features, self._last.weight[labels]).relu()
        _, height, width = maps.shape
        within = F.adaptive_avg_pool2d(regions, (height, width))[:, 0].div(_ENOUGH).clamp(max=1)
        return (maps * (1 - within)).sum((1, 2)) / maps.sum((1, 2)).clamp(min=1e-3)


def evidence_of(card: Card, model: nn.Module) -> Evidence | None:
    """The evidence of `model`, if the recipe asks for it. Raises CardError for a model without
    it."""
    if not card.training.off_leaf:
        return None
    try:
        return Evidence(model, card.preprocessing.size)
    except ValueError as error:
        raise card.wrong("training.off_leaf", f"of a {card.architecture}: {error}") from error
