"""Models and colormaps."""

import pytest
from starlette.testclient import TestClient

from models.catalog import Catalog

GUIDE = (
    *("jet", "hot", "viridis", "plasma", "inferno", "rainbow"),
    *("cool", "spring", "summer", "autumn", "winter", "bone"),
)


def test_models_are_the_cards(client: TestClient) -> None:
    cards = client.get("/v1/models").json()
    assert [card["id"] for card in cards] == [card.id for card in Catalog()]
    for card in cards:
        assert card["classes"]
        assert card["preprocessing"]["size"] >= 32
        assert card["target_layer"]
        assert card["licence"]
        assert len(card["weights_sha256"]) == 64
        assert isinstance(card["metrics"], dict)
        assert client.get(f"/v1/models/{card['id']}").json() == card


def test_an_unknown_model_is_404(client: TestClient) -> None:
    answer = client.get("/v1/models/nope")
    assert answer.status_code == 404
    assert "'nope'" in answer.json()["detail"]
    assert "cropshield_cnn" in answer.json()["detail"]


def test_colormaps_are_the_twelve_of_the_guide_and_the_perceptual_ones(client: TestClient) -> None:
    tables = client.get("/v1/colormaps").json()
    names = [table["name"] for table in tables]
    assert tuple(names[:12]) == GUIDE
    assert set(names[12:]) == {"cividis", "turbo", "magma"}
    for table in tables:
        assert len(table["table"]) == 256
        assert all(len(rgb) == 3 and 0 <= min(rgb) <= max(rgb) <= 255 for rgb in table["table"])


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/cropshield_cnn", "/v1/colormaps"])
def test_what_is_known_already_is_304(client: TestClient, path: str) -> None:
    tag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_liveness_and_readiness(client: TestClient) -> None:
    assert client.get("/livez").status_code == 200
    assert client.get("/readyz").json() == {"ready": True, "workers": 0}
