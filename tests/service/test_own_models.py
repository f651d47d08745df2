"""Several models in one worker; those that an operator brings are a card and weights, no code."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from models.architectures.registry import build
from tests.engine.networks import network, save_model
from tests.service.conftest import START_SECONDS, Service
from tests.service.test_photo_to_overlay import jpeg

pytestmark = pytest.mark.service
NAMES = ("Tea__healthy", "Tea__blister_blight", "Tea__red_rust")


def bring(service: Service, folder: Path) -> None:
    """`cropshield models add tea`, a network of timm with random weights."""
    torch.manual_seed(0)
    torch.save(build("timm:resnet10t", len(NAMES)).state_dict(), folder / "tea.pth")
    (folder / "names.txt").write_text("\n".join(NAMES))
    brought = ["--weights", str(folder / "tea.pth"), "--classes", str(folder / "names.txt")]
    words = ["models", "add", "tea", "--architecture", "timm:resnet10t", *brought, "--size", "96"]
    assert service.start(*words).wait(START_SECONDS) == 0, service.log.read_text()


def test_one_worker_serves_the_projects_models_and_one_that_was_brought(
    service: Service, tmp_path: Path
) -> None:
    bring(service, tmp_path)
    service.start_api()
    service.start_worker()
    assert service.http.get("/v1/models/tea").json()["classes"] == list(NAMES)
    for model in (
        "tea",
        "cropshield_cnn",
        "resnet18",
        "efficientnet_b0",
        "tea",
    ):
        sent = service.http.post(f"/v1/jobs?model={model}", content=jpeg(1))
        answer = service.end_of(sent.json()["links"]["self"])
        assert answer["state"] == "succeeded", answer
        name = answer["result"]["predictions"][0]["class_name"]
        assert (name in NAMES) == (model == "tea")
        assert answer["model"]["id"] == model
        overlay = service.http.get(answer["links"]["overlay"]).content
        photo = service.http.get(answer["links"]["photo"]).content
        pictures = [np.asarray(Image.open(io.BytesIO(each)), np.int16) for each in (overlay, photo)]
        assert np.abs(pictures[0] - pictures[1]).mean() > 5


@pytest.mark.parametrize(
    ("command", "key", "wrong"),
    [("api", "classes", "absent.json"), ("worker", "target_layer", "x")],
)
def test_nothing_starts_with_a_wrong_card(
    service: Service, command: str, key: str, wrong: str
) -> None:
    folder = service.home / "models"
    folder.mkdir(parents=True)
    card = save_model(folder, network(), name="tea").path
    lines = card.read_text().splitlines()
    place = next(place for place, line in enumerate(lines) if line.startswith(key))
    lines[place] = f'{key} = "{wrong}"'
    card.write_text("\n".join(lines))
    assert service.start(command).wait(START_SECONDS) == 1
    assert f"cropshield: {card}, line {place + 1}: {key}: " in service.log.read_text()
