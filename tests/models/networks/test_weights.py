"""Weight files in both formats and both precisions."""

from pathlib import Path

import pytest
import torch

from models.card_errors import CardError
from models.cards.card import file_sha256, read_card
from models.networks.weights import load_network, read_weights, to_half_precision, write_weights
from tests.engine.networks import network, photos, save_model


@pytest.mark.parametrize("name", ["a.pth", "a.safetensors"])
def test_weights_come_back_as_they_were_written(tmp_path: Path, name: str) -> None:
    state = network().state_dict()
    write_weights(tmp_path / name, state)
    found = read_weights(tmp_path / name)
    assert found.keys() == state.keys()
    assert all(torch.equal(found[key], state[key]) for key in state)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).stat().st_mode & 0o044, "others may read it"


@pytest.mark.parametrize("name", ["a.pth", "a.safetensors"])
def test_a_file_that_holds_no_weights_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"no weights")
    with pytest.raises(CardError, match=rf"{name} holds no weights"):
        read_weights(tmp_path / name)


def test_half_weights_take_half_the_room_and_load_as_float32(tmp_path: Path) -> None:
    whole = network()
    card = save_model(tmp_path, whole)
    size = card.weights_path.stat().st_size
    write_weights(card.weights_path, to_half_precision(whole.state_dict()))
    assert card.weights_path.stat().st_size < 0.55 * size
    text = card.path.read_text().replace(card.sha256, file_sha256(card.weights_path))
    card.path.write_text(text)
    loaded = load_network(read_card(card.path))
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}
    x = photos(2)
    with torch.no_grad():
        assert torch.allclose(loaded(x), whole(x), atol=0.02)
        assert not torch.equal(loaded(x), whole(x))


def test_norms_and_biases_are_not_rounded() -> None:
    state = {"weight": torch.rand(2, 2), "bias": torch.rand(2), "seen": torch.tensor(3)}
    kinds = {name: tensor.dtype for name, tensor in to_half_precision(state).items()}
    assert kinds == {"weight": torch.float16, "bias": torch.float32, "seen": torch.int64}
