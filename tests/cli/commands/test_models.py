"""`cropshield models`: from bare weights to a card that is served."""

import json
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner, Result

from cli.errors import MISSING, CommandError
from cli.main import app
from jobs.settings import SharedSettings
from models.architectures.registry import build
from models.architectures.state_dicts import StateDict
from models.catalog import Catalog
from models.networks.weights import read_weights
from tests.engine.networks import network, save_model

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
    numbers = {name: i for i, name in enumerate(NAMES)}
    (folder / "numbers.json").write_text(json.dumps(numbers))
    (folder / "indices.json").write_text(json.dumps({str(i): name for name, i in numbers.items()}))
    (folder / "bom.txt").write_bytes(("\ufeff" + "\r\n".join(NAMES)).encode())
    (folder / "notepad.JSON").write_bytes(json.dumps(numbers).encode("utf-16"))
    return folder / "tea.pth"


def models(*words: str) -> Result:
    return CliRunner().invoke(app, ["models", *words], catch_exceptions=False)


def add(weights: Path, *more: str, classes: str = "lines.txt") -> Result:
    brought = ["--weights", str(weights), "--classes", str(weights.parent / classes)]
    architecture = ["--architecture", "torchvision:mobilenet_v3_small"]
    return models("add", "tea", *architecture, *brought, "--size", "96", *more)


FORMS = ["lines.txt", "list.json", "numbers.json", "indices.json", "bom.txt", "notepad.JSON"]


@pytest.mark.parametrize("classes", FORMS)
def test_weights_become_a_model_that_is_served(
    weights: Path, own_models: Path, classes: str
) -> None:
    added = add(weights, "--licence", "MIT", classes=classes)
    assert added.exit_code == 0
    assert "3 classes, explained at features" in added.output
    assert "0 Tea__healthy, 1 Tea__blister_blight, 2 Tea__red_rust" in added.output
    card = Catalog(own_models)["tea"]
    assert card.class_names == NAMES
    assert (card.licence, card.preprocessing.size) == ("MIT", 96)
    assert "tea: fine, 3 classes, 96 px" in models("verify", "tea").output
    assert {"cropshield_cnn", "tea"} <= {each["id"] for each in listed()}
    assert "torchvision:mobilenet_v3_small" in models("list").output
    assert json.loads(models("show", "tea", "--json").output)["licence"] == "MIT"
    assert 'licence = "MIT"' in models("show", "tea").output


DESCRIPTIONS = """
[Tea__red_rust]
common_names = ["red rust of tea"]
causes = [{ kind = "fungus", name = "Cephaleuros parasiticus", eppo_code = "CEPHPA" }]
symptoms = "Orange velvet on the upper side."
expected_heat = "On the velvet."
lookalikes = [{ name = "a healthy leaf", class_name = "Tea__healthy", difference = "It is green." }]
next_steps = "Have it confirmed."
sources = [{ publisher = "A service", title = "Red rust", url = "https://example.org/rust" }]
"""


def test_a_model_of_ones_own_brings_what_its_classes_are(
    weights: Path, own_models: Path, tmp_path: Path
) -> None:
    (tmp_path / "brought.toml").write_text(DESCRIPTIONS)
    assert add(weights, "--descriptions", str(tmp_path / "brought.toml")).exit_code == 0
    assert Catalog(own_models).describes("tea", "Tea__red_rust")
    shown = models("show", "tea").output
    assert "# Tea__red_rust: red rust of tea (Cephaleuros parasiticus)" in shown
    assert tomllib.loads(shown)["descriptions"] == "tea.descriptions.toml"
    told = models("show", "tea", "--class", "Tea__red_rust").output
    for text in (
        "fungus Cephaleuros parasiticus, EPPO code CEPHPA",
        "Orange velvet",
        "It is green.",
    ):
        assert text in told
    document = json.loads(models("show", "tea", "--class", "Tea__red_rust", "--json").output)
    assert document["class_name"] == "Tea__red_rust"
    assert document["sources"][0]["url"] == "https://example.org/rust"


def test_a_card_and_a_class_are_shown_in_the_language_that_is_asked_for() -> None:
    shown = models("show", "resnet18", "--lang", "es").output
    assert "# ResNet-18: 32 afecciones de la hoja en 7 cultivos" in shown
    assert tomllib.loads(shown)["title"] == "ResNet-18: 32 leaf conditions of 7 crops"
    assert "sarna del manzano" in shown
    document = json.loads(models("show", "resnet18", "--lang", "es", "--json").output)
    assert document["limits"].startswith("Aprendió con fotos de laboratorio")
    told = models("show", "resnet18", "--class", "Apple__scab", "--lang", "hi").output
    lines = told.splitlines()
    assert (lines[0], lines[1].split()[0]) == ("Apple__scab", "नाम")
    assert "Venturia inaequalis" in told
    with pytest.raises(CommandError, match="'de' is not offered"):
        models("show", "resnet18", "--lang", "de")


def test_what_is_wrong_with_descriptions_is_told_with_the_line_of_the_file_that_was_given(
    weights: Path, own_models: Path, tmp_path: Path
) -> None:
    (tmp_path / "brought.toml").write_text(DESCRIPTIONS.replace("Tea__red", "Tea__read"))
    with pytest.raises(CommandError, match=r"brought\.toml, line 2: .*no class 'Tea__read_rust'"):
        add(weights, "--descriptions", str(tmp_path / "brought.toml"))
    assert list(own_models.iterdir()) == []


def test_a_card_is_not_given_the_name_of_a_file_of_descriptions(own_models: Path) -> None:
    words = ["--architecture", "resnet18", "--weights", "none.pth", "--classes", "none.txt"]
    with pytest.raises(CommandError, match=r"tea-descriptions\.toml would be read as desc"):
        models("add", "tea-descriptions", *words)
    assert not own_models.exists()


def test_a_class_that_is_not_described_names_one_alike(weights: Path) -> None:
    add(weights)
    with pytest.raises(CommandError, match=r"tea describes no class 'Tea__red_rust'$"):
        models("show", "tea", "--class", "Tea__red_rust")
    with pytest.raises(CommandError, match="'Apple__skab'; did you mean 'Apple__scab'"):
        models("show", "cropshield_cnn", "--class", "Apple__skab")
    assert "#" not in models("show", "tea").output.partition("\n")[2]


def listed() -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(models("list", "--json").output)
    return found


def test_a_model_that_does_not_work_leaves_nothing_behind(weights: Path, own_models: Path) -> None:
    with pytest.raises(CommandError, match=r'no layer "feature"; did you mean "features"'):
        add(weights, "--target-layer", "feature")
    with pytest.raises(CommandError, match=r"classes: .* has 32 classes, but the weights have 3"):
        add(weights, classes=str(next(iter(Catalog())).classes_path))
    assert list(own_models.iterdir()) == []


def test_what_another_add_is_making_is_left_alone(weights: Path, own_models: Path) -> None:
    made = own_models / ".tea" / "tea.pth"
    made.parent.mkdir(parents=True)
    made.touch()
    with pytest.raises(CommandError, match=r"\.tea is in the way"):
        add(weights)
    assert made.exists()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {f"module.{name}": tensor for name, tensor in state.items()},
        lambda state: {f"_orig_mod.{name}": tensor for name, tensor in state.items()},
        lambda state: {"state_dict": state, "epoch": 3, "optimizer": {"state": {}}},
        lambda state: {
            "state_dict": {f"model.{name}": tensor for name, tensor in state.items()}
            | {"loss.weight": torch.ones(3)},
            "pytorch-lightning_version": "2.5",
        },
        lambda state: {
            "model_state_dict": {f"module._orig_mod.{name}": one for name, one in state.items()}
        },
    ],
    ids=["DataParallel", "compiled", "checkpoint", "Lightning", "all"],
)
def test_weights_are_taken_out_of_what_a_trainer_wrapped_around_them(
    weights: Path, own_models: Path, tmp_path: Path, wrap: Callable[[StateDict], object]
) -> None:
    state = read_weights(weights)
    torch.save(wrap(state), tmp_path / "last.ckpt")
    shutil.copy(weights.with_name("lines.txt"), tmp_path)
    assert add(tmp_path / "last.ckpt").exit_code == 0
    kept = read_weights(own_models / "tea.ckpt")
    assert kept.keys() == state.keys()
    assert all(torch.equal(kept[name], state[name]) for name in state)
    assert "tea: fine" in models("verify", "tea").output


def test_weights_that_need_nothing_are_copied_as_they_are(weights: Path, own_models: Path) -> None:
    add(weights)
    assert (own_models / "tea.pth").read_bytes() == weights.read_bytes()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a Git LFS pointer"),
        (b"<!DOCTYPE html><title>Sign in</title>", "is a web page"),
        (b"", r"is empty \(0 bytes\)"),
        (b"PK\x03\x04 cut off", "holds no weights: .*zip|holds no weights: .*wrote"),
    ],
    ids=["pointer", "page", "empty", "cut"],
)
def test_a_file_of_another_kind_is_named_as_it_was_given(
    weights: Path, tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "tea.pth").write_bytes(content)
    shutil.copy(weights.with_name("lines.txt"), tmp_path)
    with pytest.raises(CommandError, match=said) as caught:
        add(tmp_path / "tea.pth")
    assert str(tmp_path / "tea.pth") in str(caught.value)
    assert "weights_only" not in str(caught.value)


def test_other_weights_are_told_in_a_sentence(weights: Path, tmp_path: Path) -> None:
    torch.save(build("resnet18", 3).state_dict(), tmp_path / "tea.pth")
    shutil.copy(weights.with_name("lines.txt"), tmp_path)
    with pytest.raises(CommandError, match=r"lacks \d+ of \d+ tensors \(features") as caught:
        add(tmp_path / "tea.pth")
    said = str(caught.value)
    assert said.startswith(f"weights: {tmp_path / 'tea.pth'} does not hold torchvision:mobilenet")
    assert len(said) < 450


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


@pytest.mark.parametrize(
    "words",
    [
        ("models", "show", "coffee"),
        ("models", "verify", "coffee"),
        ("models", "export", "coffee"),
        ("evaluate", "coffee", "--data", "photos"),
        ("calibrate", "coffee", "--data", "photos"),
        ("compare", "coffee", "tea", "--data", "photos", "--out", "out"),
    ],
)
def test_an_unknown_model_names_the_known_ones(words: tuple[str, ...], tmp_path: Path) -> None:
    photo = tmp_path / "photos" / "Apple__scab" / "1.jpg"
    photo.parent.mkdir(parents=True)
    photo.touch()
    given = [str(tmp_path / word) if word in ("photos", "out") else word for word in words]
    known = "unknown model 'coffee'; known are cropshield_cnn"
    with pytest.raises(CommandError, match=known) as refused:
        CliRunner().invoke(app, given, catch_exceptions=False)
    assert refused.value.code == MISSING


def test_an_exported_model_has_its_graph_beside_its_weights_and_on_its_card(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROPSHIELD_CARDS", str(tmp_path))
    save_model(tmp_path, network())
    done = models("export", "tiny")
    assert done.exit_code == 0
    assert "tiny.onnx" in done.output
    card = Catalog(tmp_path)["tiny"]
    card.verify()
    assert card.graph_path == tmp_path / "tiny.onnx"
    assert models("verify", "tiny").output.startswith("tiny: fine, 7 classes")
    with pytest.raises(CommandError, match="unknown model 'none'"):
        models("export", "none")
