"""Models and colour tables."""

from starlette.testclient import TestClient

from models.catalog import Catalog
from pictures.rendering.colormaps import COLORMAPS


def test_models_are_the_cards(client: TestClient) -> None:
    found = {model["id"]: model for model in client.get("/v1/models").json()}
    assert set(found) == {card.id for card in Catalog()}
    model = client.get("/v1/models/cropshield_cnn").json()
    assert model == found["cropshield_cnn"]
    assert len(model["classes"]) == 32
    assert model["target_layer"] == "block4"
    assert len(model["weights_sha256"]) == 64


def test_an_unknown_model_is_404(client: TestClient) -> None:
    assert client.get("/v1/models/nope").status_code == 404


def test_each_colormap_has_256_entries(client: TestClient) -> None:
    found = client.get("/v1/colormaps").json()
    assert [entry["name"] for entry in found] == list(COLORMAPS)
    assert all(len(entry["table"]) == 256 for entry in found)
