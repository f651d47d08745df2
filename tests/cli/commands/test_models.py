"""`cropshield models`: from bare weights to a card that is served."""

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner, Result

from cli.errors import CommandError
from cli.main import app
from jobs.settings import SharedSettings
from models.architectures.registry import build
from models.catalog import Catalog

NAMES = ("Tea__healthy", "Tea__blister_blight", "Tea__red_rust")


@pytest.fixture(autouse=True)
def own_models(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CROPSHIELD_HOME", str(home))
    return SharedSettings(home=home).own_models


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state dict, and class names beside it in every form."""
    folder = tmp_path_factory.mktemp("brought")
    torch.manual_seed(0)
    model = build("torchvision:mobilenet_v3_small", len(NAMES))
    torch.save(model.state_dict(), folder / "tea.pth")
    (folder / "lines.txt").write_text("\n".join(NAMES) + "\n")
    (folder / "list.json").write_text(json.dumps(NAMES))
    (folder / "numbers.json").write_text(json.dumps({name: i for i, name in enumerate(NAMES)}))
    return folder / "tea.pth"


def models(*words: str) -> Result:
    return CliRunner().invoke(app, ["models", *words], catch_exceptions=False)


def add(weights: Path, *more: str, classes: str = "lines.txt") -> Result:
    brought = ["--weights", str(weights), "--classes", str(weights.parent / classes)]
    architecture = ["--architecture", "torchvision:mobilenet_v3_small"]
    return models("add", "tea", *architecture, *brought, "--size", "96", *more)


@pytest.mark.parametrize("classes", ["lines.txt", "list.json", "numbers.json"])
def test_weights_become_a_model_that_is_served(
    weights: Path, own_models: Path, classes: str
) -> None:
    added = add(weights, "--licence", "MIT", classes=classes)
    assert added.exit_code == 0
    assert "3 classes, explained at features" in added.output
    card = Catalog(own_models)["tea"]
    assert card.class_names == NAMES
    assert (card.licence, card.preprocessing.size) == ("MIT", 96)
    assert "tea: fine, 3 classes, 96 px" in models("verify", "tea").output
    assert {"cropshield_cnn", "tea"} <= {each["id"] for each in listed()}
    assert "torchvision:mobilenet_v3_small" in models("list").output
    assert json.loads(models("show", "tea", "--json").output)["licence"] == "MIT"
    assert 'licence = "MIT"' in models("show", "tea").output


def listed() -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(models("list", "--json").output)
    return found


def test_a_model_that_does_not_work_leaves_nothing_behind(weights: Path, own_models: Path) -> None:
    with pytest.raises(CommandError, match=r'no layer "feature"; did you mean "features"'):
        add(weights, "--target-layer", "feature")
    with pytest.raises(CommandError, match=r"classes: .* has 32 classes, but the weights have 3"):
        add(weights, classes=str(next(iter(Catalog())).classes_path))
    assert list(own_models.iterdir()) == []


def test_an_id_is_given_once(weights: Path) -> None:
    add(weights)
    with pytest.raises(CommandError, match="there is a model 'tea' already"):
        add(weights)


def test_a_model_that_has_gone_wrong_is_a_line_and_exit_code_1(
    weights: Path, own_models: Path
) -> None:
    add(weights)
    (own_models / "tea.pth").write_bytes(b"other")
    found = models("verify")
    assert found.exit_code == 1
    assert "cropshield_cnn: fine" in found.output
    assert "tea.toml, line 6: sha256: sha256 is" in found.output


def test_an_unknown_model_names_the_known_ones() -> None:
    with pytest.raises(CommandError, match="unknown model 'coffee'; known are cropshield_cnn"):
        models("show", "coffee")
