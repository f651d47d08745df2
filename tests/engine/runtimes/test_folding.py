"""engine/runtimes/folding.py: the same function with fewer layers."""

import pytest
import torch
from torch import Tensor, nn

from engine.runtimes.folding import fold_batch_norms
from tests.engine.networks import network, photos


@pytest.mark.parametrize(
    "architecture", ["cropshield_cnn", "cropshield_plain", "resnet18", "efficientnet_b0"]
)
def test_a_folded_network_gives_the_same_logits(architecture: str) -> None:
    model, x = network(architecture), photos(2)
    with torch.no_grad():
        expected = model(x)
        names = [name for name, _ in model.named_modules()]
        folded = fold_batch_norms(model)(x)
    torch.testing.assert_close(folded, expected, rtol=1e-4, atol=1e-4)
    assert [name for name, _ in model.named_modules()] == names
    assert not any(isinstance(module, nn.BatchNorm2d) for module in model.modules())


def test_a_convolution_used_twice_is_left_alone() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.norm(self.conv(self.conv(x)))
            return y

    model = fold_batch_norms(Twice().eval())
    assert isinstance(model.norm, nn.BatchNorm2d)


def test_a_network_that_cannot_be_traced_is_left_alone() -> None:
    class Branching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3))

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.net(x) if x.sum() > 0 else x
            return y

    model = fold_batch_norms(Branching().eval())
    assert isinstance(model.get_submodule("net.1"), nn.BatchNorm2d)
