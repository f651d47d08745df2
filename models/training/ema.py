"""Averaged weights, which classify better than those of any single step."""

from typing import Any

from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


def averaged_copy(model: nn.Module, decay: float) -> AveragedModel:
    """A copy of `model` that follows it: w = d w + (1 - d) w_now, batch norms included.

    d is `decay`, in the first steps (1 + n) / (10 + n) if that is less, so that a short run
    forgets the random weights that it began with.
    """

    def follow(own: Any, now: Any, steps: Any) -> None:
        warm = (1 + int(steps)) / (10 + int(steps))
        get_ema_multi_avg_fn(min(decay, warm))(own, now, steps)  # type: ignore[no-untyped-call]

    return AveragedModel(model, multi_avg_fn=follow, use_buffers=True)
