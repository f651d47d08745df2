"""Classes of a model of one's own, with descriptions and without."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from models.card_errors import CardError
from tests.api.conftest import FakeWorker
from tests.models.card_files import write_card

NAME = "Thé/Tea: rouille?"
DESCRIBED = """
["Thé/Tea: rouille?"]
common_names = ["red rust"]
symptoms = "Orange velvet."
expected_heat = "On the velvet."
next_steps = "Have it confirmed."
sources = [{ publisher = "A service", title = "Red rust", url = "https://example.org" }]
"""


@pytest.fixture
def settings(redis_url: str, home: Path) -> ApiSettings:
    """Of a server with a model of its own, whose first class alone is described."""
    settings = ApiSettings(redis_url=redis_url, home=home)
    folder = settings.own_models
    folder.mkdir(parents=True)
    (folder / "classes.json").write_text(json.dumps([NAME, "Tea__healthy"]))
    (folder / "tea.descriptions.toml").write_text(DESCRIBED)
    write_card(folder, "tea", more='descriptions = "tea.descriptions.toml"\n')
    write_card(folder, "bare")
    return settings


@pytest.fixture
def client(settings: ApiSettings) -> Iterator[TestClient]:
    with TestClient(create_app(settings)) as client:
        yield client


def test_a_model_of_ones_own_brings_its_descriptions(client: TestClient) -> None:
    (found,) = client.get("/v1/classes?model=tea").json()
    assert (found["class_name"], found["symptoms"]) == (NAME, "Orange velvet.")
    assert found["causes"] == found["lookalikes"] == []


def test_a_model_without_descriptions_has_none(client: TestClient) -> None:
    assert client.get("/v1/classes?model=bare").json() == []
    assert client.get("/v1/classes/Tea__healthy?model=bare").status_code == 404
    assert client.get("/v1/classes/Apple__scab?model=tea").status_code == 404


def test_a_link_leads_to_a_class_of_any_letters(
    client: TestClient, fake_worker: FakeWorker, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {"class_index": 1, "class_name": "Tea__healthy", "crop": "Tea", "disease": "healthy"}
    rust = {"class_index": 0, "class_name": NAME, "crop": NAME, "disease": None}
    predictions: list[dict[str, Any]] = [rust | {"confidence": 0.9}, other | {"confidence": 0.1}]
    result = {"predictions": predictions, "explanations": []}
    monkeypatch.setattr("tests.api.conftest.RESULT", result)
    path = client.post("/v1/jobs?model=tea", content=leaf_jpeg).headers["Location"]
    fake_worker.succeed()
    first, second = client.get(path).json()["result"]["predictions"]
    assert client.get(first["links"]["description"]).json()["class_name"] == NAME
    assert second["links"]["description"] is None


def test_a_server_does_not_start_with_wrong_descriptions(settings: ApiSettings) -> None:
    file = settings.own_models / "tea.descriptions.toml"
    file.write_text(DESCRIBED.replace("next_steps", "next_step"))
    with pytest.raises(CardError, match=r"tea\.descriptions\.toml, line 6: .*no such key"):
        create_app(settings)
