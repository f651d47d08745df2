"""Small networks with seeded random weights, and one by hand."""

import hashlib
import json
from pathlib import Path

import torch
from torch import Tensor, nn

from models.architectures.registry import build
from models.cards.card import Card, read_card


class ByHand(nn.Module):
    """Two 2 x 2 feature maps out of the input's two channels, mean pooling, two classes."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Conv2d(2, 2, kernel_size=1, bias=False)
        self.classifier = nn.Linear(2, 2)
        with torch.no_grad():
            self.maps.weight.copy_(torch.eye(2)[:, :, None, None])
            self.classifier.weight.copy_(torch.tensor([[4.0, -8.0], [-4.0, 4.0]]))
            self.classifier.bias.copy_(torch.tensor([0.5, 0.0]))

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.maps(x).mean(dim=(2, 3)))
        return logits


class DeepHead(nn.Module):
    """Convolutions, in-place ReLUs, a residual add and dropout above `body`."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 8, kernel_size=3, stride=4, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.head = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8))
        self.dropout = nn.Dropout(0.5)
        self.classifier = nn.Linear(8, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.body(x))
        x = self.relu(x + self.head(x))
        logits: Tensor = self.classifier(self.dropout(x.mean(dim=(2, 3))))
        return logits


def network(architecture: str = "cropshield_plain", classes: int = 7, seed: int = 0) -> nn.Module:
    """A network whose batch norms have seen something, in evaluation mode."""
    torch.manual_seed(seed)
    return with_statistics(build(architecture, classes))


def with_statistics(model: nn.Module) -> nn.Module:
    """`model` as if its batch norms had seen something, in evaluation mode."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.2, 0.2)
    return model.eval()


def photos(count: int, side: int = 64, seed: int = 1) -> Tensor:
    """Normalised noise, (count, 3, side, side)."""
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(seed))


def save_model(folder: Path, model: nn.Module, classes: int = 7, name: str = "tiny") -> Card:
    """`model` as a weight file with class list and card in `folder`."""
    weights = folder / f"{name}.pth"
    torch.save(model.state_dict(), weights)
    names = {f"Crop__disease_{i}": i for i in range(classes)}
    (folder / f"{name}.json").write_text(json.dumps(names))
    lines = {
        "id": name,
        "version": "1",
        "title": "Tiny",
        "architecture": "cropshield_plain",
        "weights": weights.name,
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "classes": f"{name}.json",
        "target_layer": "block4",
        "licence": "Apache-2.0",
    }
    content = [f"{key} = {json.dumps(value)}" for key, value in lines.items()]
    card = folder / f"{name}.toml"
    card.write_text("\n".join([*content, "[preprocessing]", "size = 64", ""]))
    return read_card(card)
