"""The weights that are kept: rounded only where that is free."""

from pathlib import Path

import pytest
import torch

from models.networks.weights import StateDict, read_weights, write_weights
from models.training.checkpoint import save_best
from models.training.metrics import Scores


@pytest.mark.parametrize(("rounded", "kind"), [(0.9795, torch.float16), (0.97, torch.float32)])
def test_weights_are_rounded_only_where_it_is_free(
    tmp_path: Path, rounded: float, kind: torch.dtype
) -> None:
    write_weights(tmp_path / "best.pth", {"weight": torch.rand(2, 2)})

    def judge(state: StateDict) -> Scores:
        whole = state["weight"].dtype == torch.float32
        return Scores(accuracy=0.98 if whole else rounded, macro_f1=0.98, photos=9)

    kept = save_best(tmp_path / "best.pth", tmp_path / "weights.pth", judge)
    assert read_weights(kept)["weight"].dtype == kind
