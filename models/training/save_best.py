"""The weights that are kept after training: the best, in half precision where that costs
nothing."""

from collections.abc import Callable
from pathlib import Path

from models.training.metrics import Scores
from models.weights import StateDict, read_weights, to_half_precision, write_weights

FREE = 0.001
"""Accuracy and macro-F1 that rounding may cost: a tenth of a point."""


def save_best(best: Path, kept: Path, judge: Callable[[StateDict], Scores]) -> Path:
    """Write the weights of `best` to `kept`, in half precision unless `judge` sees a difference."""
    full = read_weights(best)
    half = to_half_precision(full)
    before, after = judge(full), judge(half)
    lost = max(before.accuracy - after.accuracy, before.macro_f1 - after.macro_f1)
    write_weights(kept, half if lost < FREE else full)
    return kept
