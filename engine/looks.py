"""What the runtimes give and everything above them takes."""

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor


class Look(Protocol):
    """What a forward pass left behind: see `engine.split.Seen`."""

    @property
    def logits(self) -> Tensor: ...
    @property
    def activations(self) -> Tensor: ...
    def gradients(self, photos: Sequence[int], classes: Sequence[int]) -> Tensor: ...
