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


def test_every_class_of_a_model_is_described_in_its_order(client: TestClient) -> None:
    models = client.get("/v1/models").json()
    for model in models:
        found = client.get("/v1/classes", params={"model": model["id"]}).json()
        assert [each["class_name"] for each in found] == model["classes"]
    assert client.get("/v1/classes").json() == found
    for each in found:
        assert client.get(f"/v1/classes/{each['class_name']}").json() == each


def test_a_class_is_told_by_names_cause_signs_and_sources(client: TestClient) -> None:
    scab = client.get("/v1/classes/Apple__scab").json()
    assert (scab["crop"], scab["disease"]) == ("Apple", "scab")
    assert scab["common_names"] == ["apple scab"]
    assert scab["causes"] == [
        {"kind": "fungus", "name": "Venturia inaequalis", "other_names": [], "eppo_code": "VENTIN"}
    ]
    for text in ("symptoms", "expected_heat", "next_steps"):
        assert scab[text].endswith(".")
    assert {*scab["lookalikes"][0]} == {"name", "difference", "class_name"}
    assert all(source["url"].startswith("http") for source in scab["sources"])


def test_a_class_that_is_not_described_is_404_and_names_one_alike(client: TestClient) -> None:
    answer = client.get("/v1/classes/Apple__skab")
    assert answer.status_code == 404
    assert "no class 'Apple__skab'; did you mean 'Apple__scab'?" in answer.json()["detail"]


def test_classes_of_an_unknown_model_are_refused(client: TestClient) -> None:
    for path in ("/v1/classes", "/v1/classes/Apple__scab"):
        answer = client.get(path, params={"model": "nope"})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unknown-model")
        assert client.get(path, params={"lang": "xx"}).status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/models", "/v1/models/cropshield_cnn", "/v1/colormaps"),
        *("/v1/classes", "/v1/classes/Apple__scab"),
    ],
)
def test_what_is_known_already_is_304(client: TestClient, path: str) -> None:
    tag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_liveness_and_readiness(client: TestClient) -> None:
    assert client.get("/livez").status_code == 200
    assert client.get("/readyz").json() == {"ready": True, "workers": 0}
