"""What a training run keeps on disk: how far it is, to go on after a kill; the best weights."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from models.networks.weights import StateDict, read_weights, to_half_precision, write_weights
from models.training.metrics import Scores

_COUNTS = ("epoch", "best", "best_epoch", "side")
FREE = 0.001
"""Accuracy and macro-F1 that rounding may cost: a tenth of a point."""


def write_atomically(path: Path, content: object) -> None:
    """torch.save that leaves the old file whole if the process dies in the middle."""
    part = path.with_name(path.name + ".part")
    torch.save(content, part)
    part.replace(path)


def append_row(file: Path, row: dict[str, Any]) -> None:
    """Append a line to a CSV file; write the column names first when it is new."""
    new = not file.exists()
    with file.open("a", newline="") as out:
        writer = csv.DictWriter(out, row)
        if new:
            writer.writeheader()
        writer.writerow(row)


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


def save_best(best: Path, kept: Path, judge: Callable[[StateDict], Scores]) -> Path:
    """Write the weights of `best` to `kept`, in half precision unless `judge` sees a difference."""
    full = read_weights(best)
    half = to_half_precision(full)
    before, after = judge(full), judge(half)
    lost = max(before.accuracy - after.accuracy, before.macro_f1 - after.macro_f1)
    write_weights(kept, half if lost < FREE else full)
    return kept
