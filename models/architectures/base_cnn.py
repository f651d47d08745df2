"""What the networks of ours have in common."""

from torch import Tensor, nn


class BaseCNN(nn.Module):
    """Four blocks, each halving the resolution, then mean pooling and one linear layer.

    Input (N, 3, s, s) float32, normalised; `block4` gives (N, width, s / 16, s / 16), rounded up;
    output logits (N, classes).
    """

    def __init__(self, *blocks: nn.Module, width: int, classes: int) -> None:
        super().__init__()
        self.block1, self.block2, self.block3, self.block4 = blocks
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.2)
        self.classifier = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.block4(self.block3(self.block2(self.block1(x))))
        logits: Tensor = self.classifier(self.dropout(self.pool(x).flatten(1)))
        return logits
