"""Models, colour tables, health, pages, request ids."""

import hashlib
import re
import subprocess
import sys

from starlette.testclient import TestClient

from api.routes.pages import ASSETS
from jobs.problems import all_problems
from models.catalog import Catalog
from pictures.colormaps import COLORMAPS


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


def test_readiness_counts_workers(client: TestClient) -> None:
    assert client.get("/readyz").json() == {"ready": True, "workers": 0}


def test_a_request_id_is_taken_or_made(client: TestClient) -> None:
    assert client.get("/livez", headers={"X-Request-ID": "a-1"}).headers["X-Request-ID"] == "a-1"
    made = client.get("/livez", headers={"X-Request-ID": "no spaces"}).headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", made)


def test_wrong_paths_and_methods_are_problems(client: TestClient) -> None:
    for answer, status in ((client.get("/nope"), 404), (client.patch("/v1/jobs"), 405)):
        assert answer.status_code == answer.json()["status"] == status
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_docs_page_asks_nothing_of_other_hosts(client: TestClient) -> None:
    page = client.get("/docs").text
    asked = re.findall(r"(?:src|href)=\"([^\"]+)\"", page)
    assert asked
    for path in asked:
        assert path.startswith("/")
        assert client.get(path).status_code == 200


def test_vendored_files_are_as_published() -> None:
    folder = ASSETS / "swagger-ui"
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        expected, name = line.split()
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected


def test_each_problem_type_leads_to_a_page(client: TestClient) -> None:
    for problem in all_problems():
        assert problem.title in client.get(f"/problems/{problem.slug}").text
    assert client.get("/problems/nope").status_code == 404


def test_the_schema_names_every_route_and_upload_type(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    assert "image/jpeg" in schema["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]
    ids = [way["operationId"] for path in schema["paths"].values() for way in path.values()]
    assert len(ids) == len(set(ids))


def test_the_api_process_never_loads_torch() -> None:
    script = (
        "import sys, api.app, api.settings\n"
        "api.app.create_app(api.settings.ApiSettings())\n"
        "print(sorted({'torch', 'torchvision', 'cv2', 'engine', 'workers'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
