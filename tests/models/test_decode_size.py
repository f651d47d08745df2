"""models/decode_size.py: a model is given the same pixels, whoever asks."""

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from cli.explain.local_source import LocalSource
from cli.explain.source import ExplainOptions
from engine.evaluation.inference import decode_pixels
from engine.explainer import Explainer
from models.cards.card import Card, Preprocessing
from models.catalog import Catalog
from models.decode_size import decode_for, most_bytes
from models.training.data.photos import read_photo
from models.verdicts.confidence import confidences
from pictures.drawn_leaves.leaves import draw_leaf
from pictures.formats.icc import profile_of_cicp
from workers.settings import WorkerSettings

MODEL = "cropshield_cnn"


@pytest.fixture(scope="module")
def card() -> Card:
    return Catalog()[MODEL]


@pytest.fixture(params=["large.jpg", "turned.jpg", "wide gamut.png"])
def photo(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    exif, path = Image.Exif(), tmp_path / str(request.param)
    exif[0x0112] = 6 if "turned" in path.name else 1
    profile = profile_of_cicp(12, 13) if "gamut" in path.name else None
    picture = draw_leaf("spots", seed=3, size=(640, 480)).photo.resize((2560, 1920))
    picture.save(path, exif=exif, icc_profile=profile)
    return path


def test_serving_judging_and_training_decode_the_same_pixels(photo: Path, card: Card) -> None:
    expected = decode_for(card.preprocessing, photo.read_bytes()).pixels
    local = LocalSource(ExplainOptions(model=MODEL), WorkerSettings(), "cpu")
    same: list[npt.NDArray[np.uint8]] = [
        local.load(photo).photo.pixels,
        decode_pixels(photo, card),
        np.asarray(read_photo(photo, card.preprocessing.size)),
    ]
    for found in same:
        np.testing.assert_array_equal(found, expected)


def test_what_is_seen_differs_little_from_what_the_whole_photo_gives(
    photo: Path, card: Card
) -> None:
    explainer = Explainer(card, "cpu", runtime="torch", precision="float32")
    small = decode_for(card.preprocessing, photo.read_bytes()).pixels
    whole = decode_for(Preprocessing(size=1024), photo.read_bytes()).pixels
    assert small.shape[0] < whole.shape[0]
    found, expected = (confidences(explainer.forward([each]).logits) for each in (small, whole))
    assert float(np.abs(found - expected).max()) < 0.01


@pytest.mark.parametrize("size", [32, 224, 256, 384, 1024])
def test_a_decoded_photo_has_no_more_bytes_than_were_told(size: int) -> None:
    for sides in ((4000, 3000), (30_000, 900), (3000, 3000)):
        Image.new("RGB", sides).save(file := io.BytesIO(), "PNG", compress_level=1)
        preprocessing = Preprocessing(size=size)
        pixels = decode_for(preprocessing, file.getvalue()).pixels
        assert pixels.nbytes <= most_bytes(preprocessing)
