"""engine/faithfulness.py: a map that is right is told from one that is wrong."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.errors import WrongClass, WrongInput
from engine.faithfulness import measure_faithfulness
from pictures.maps import Map


class SeesOneCorner(nn.Module):
    """Class 1 where the upper left quarter is patterned, else class 0."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("nothing", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        contrast = x[:, :, :16, :16].std(dim=(1, 2, 3))
        return torch.stack([torch.full_like(contrast, 3.0), 8 * contrast], dim=1)


def corner(row: int, column: int) -> Map:
    heat = np.zeros((2, 2), np.float32)
    heat[row, column] = 1.0
    return heat


INPUTS = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def test_the_true_place_is_more_faithful_than_a_false_one() -> None:
    right, wrong = (measure_faithfulness(SeesOneCorner(), INPUTS, corner(i, i), 1) for i in (0, 1))
    assert right.deletion < wrong.deletion
    assert right.insertion > wrong.insertion
    assert right.confidence_lost > wrong.confidence_lost + 0.2


def test_a_model_that_looks_nowhere_loses_nothing() -> None:
    class Blind(SeesOneCorner):
        def forward(self, x: Tensor) -> Tensor:
            return torch.zeros(len(x), 2)

    made = measure_faithfulness(Blind(), INPUTS, corner(0, 0), 1)
    assert made.deletion == pytest.approx(0.5)
    assert made.insertion == pytest.approx(0.5)
    assert made.confidence_lost == pytest.approx(0.0)


def test_wrong_input_is_named() -> None:
    with pytest.raises(WrongInput, match=r"\(2, 3, 8, 8\) in 16 steps"):
        measure_faithfulness(SeesOneCorner(), torch.zeros(2, 3, 8, 8), corner(0, 0), 1)
    with pytest.raises(WrongClass):
        measure_faithfulness(SeesOneCorner(), INPUTS, corner(0, 0), 2)
