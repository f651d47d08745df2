"""engine/loading.py: a weight file, its card, one model a process."""

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from engine.errors import WrongModel
from engine.loading import find_card, load_model_once
from models.card_errors import CardError
from models.catalog import Catalog
from tests.engine.networks import network, photos, save_model


def test_a_model_is_loaded_with_its_class_names(tmp_path: Path) -> None:
    card = save_model(tmp_path, network())
    model, class_names, device = load_model_once(card.weights_path)
    assert class_names == [f"Crop__disease_{i}" for i in range(7)]
    assert not model.training
    x = photos(1).to(device)
    with torch.no_grad():
        torch.testing.assert_close(model(x).cpu(), network()(photos(1)))


def test_a_file_is_loaded_once_whatever_thread_asks(tmp_path: Path) -> None:
    card = save_model(tmp_path, network())
    with ThreadPoolExecutor(8) as pool:
        models = {id(model) for model, _, _ in pool.map(load_model_once, [card.weights_path] * 16)}
    assert len(models) == 1
    assert load_model_once(str(card.weights_path))[0] is load_model_once(card.weights_path)[0]


def test_a_card_in_a_folder_of_cards_is_found(tmp_path: Path) -> None:
    card = save_model(tmp_path, network())
    (tmp_path / "cards").mkdir()
    text = card.path.read_text().replace("tiny.pth", "../tiny.pth")
    (tmp_path / "cards" / "tiny.toml").write_text(text.replace("tiny.json", "../tiny.json"))
    card.path.unlink()
    assert find_card(card.weights_path).path == tmp_path / "cards" / "tiny.toml"


def test_a_bundled_weight_file_finds_its_card() -> None:
    for card in Catalog():
        assert find_card(card.weights_path).id == card.id


def test_a_missing_file_or_card_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongModel, match=r"absent\.pth does not exist"):
        load_model_once(tmp_path / "absent.pth")
    card = save_model(tmp_path, network())
    card.path.unlink()
    with pytest.raises(WrongModel, match=r"has no card: looked for .*tiny\.toml and .*cards"):
        load_model_once(card.weights_path)


def test_a_card_of_another_file_is_refused(tmp_path: Path) -> None:
    card = save_model(tmp_path, network())
    copy = tmp_path / "copy.pth"
    shutil.copy(card.weights_path, copy)
    shutil.copy(card.path, tmp_path / "copy.toml")
    with pytest.raises(CardError, match=r"is of .*tiny\.pth, not of .*copy\.pth"):
        load_model_once(copy)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    card = save_model(tmp_path, network("resnet18"))
    with pytest.raises(CardError, match="does not hold cropshield_plain with 7 classes"):
        load_model_once(card.weights_path)


def test_a_file_that_is_more_than_tensors_is_refused(tmp_path: Path) -> None:
    class Dangerous:
        def __reduce__(self) -> tuple[object, ...]:
            return (print, ("this must not run",))

    card = save_model(tmp_path, network())
    torch.save({"x": Dangerous()}, card.weights_path)
    text = card.path.read_text().replace(card.sha256, _sha256(card.weights_path))
    card.path.write_text(text)
    with pytest.raises(CardError, match="holds no weights"):
        load_model_once(card.weights_path)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
