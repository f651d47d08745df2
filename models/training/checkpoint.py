"""Checkpoints: how far a training run is, so that it goes on after a kill."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from models.training.files import write_atomically

_COUNTS = ("epoch", "best", "best_epoch", "side")


class Checkpoint:
    """`epoch`: how many are done. `best`: the highest macro-F1 at the present `side` of validation
    photos, first reached in `best_epoch`.

    Kept in `file` with the states of `parts` (anything with a `state_dict`), which are loaded from
    it when it exists.
    """

    def __init__(self, file: Path, parts: Mapping[str, Any], device: torch.device) -> None:
        self._file, self._parts = file, parts
        self.epoch, self.best, self.best_epoch, self.side = 0, -1.0, 0, 0
        if file.exists():
            self._take_up(torch.load(file, map_location=device, weights_only=True))

    def advance(self, macro_f1: float, side: int) -> bool:
        """Count an epoch. Returns whether none before it was better at the same side."""
        self.epoch += 1
        if side != self.side:
            self.best, self.side = -1.0, side
        if macro_f1 > self.best:
            self.best_epoch = self.epoch
        is_best = macro_f1 >= self.best
        self.best = max(macro_f1, self.best)
        return is_best

    def save(self) -> None:
        """Write the file whole or not at all, whatever dies meanwhile."""
        states = {name: part.state_dict() for name, part in self._parts.items()}
        write_atomically(self._file, states | {name: getattr(self, name) for name in _COUNTS})

    def _take_up(self, state: dict[str, Any]) -> None:
        for name, part in self._parts.items():
            part.load_state_dict(state[name])
        for name in _COUNTS:
            setattr(self, name, state[name])
