"""`cropshield calibrate`: what it finds is on the card, and a worker goes by it."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.errors import CommandError
from cli.main import app
from models.card_errors import CardError
from models.cards.card import read_card
from models.verdicts.prototypes import read_prototypes
from tests.engine.networks import network, save_model


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the card of a random model that knows the drawn classes."""
    folder = tmp_path_factory.mktemp("cards")
    save_model(folder, network(classes=2), classes=2)
    (folder / "tiny.json").write_text(json.dumps({"Drawn__blight": 0, "Drawn__healthy": 1}))
    return folder


def calibrate(cards: Path, leaves: Path, *more: str) -> str:
    done = run(cards, leaves, *more)
    assert done.exit_code == 0, done.output
    return done.output


def run(cards: Path, leaves: Path, *more: str) -> Result:
    words = ["calibrate", "tiny", "--data", str(leaves / "val"), "--each", "1", *more]
    env = {"CROPSHIELD_CARDS": str(cards), "CROPSHIELD_HOME": str(cards / "var")}
    return CliRunner().invoke(app, words, env=env, catch_exceptions=False)


def test_what_is_found_is_printed_and_recorded(cards: Path, drawn_leaves: Path) -> None:
    found = json.loads(calibrate(cards, drawn_leaves, "--record", "--json"))
    doubt = read_card(cards / "tiny.toml").doubt
    assert doubt is not None
    assert found == doubt.model_dump() | {"kinds": found["kinds"]}
    assert {row["kind"] for row in found["kinds"]} == set(doubt.auroc)
    assert {row["seen_in_training"] for row in found["kinds"]} == {True, False}
    prototypes = read_prototypes(read_card(cards / "tiny.toml"))
    assert prototypes.means.shape == (2, 192)
    assert prototypes.whitening.shape == (192, 192)
    assert doubt.photos == len(list((drawn_leaves / "val").rglob("*.jpg")))


def test_a_photo_that_cannot_be_read_is_named_and_left_out(
    cards: Path, drawn_leaves: Path, tmp_path: Path
) -> None:
    leaves = shutil.copytree(drawn_leaves, tmp_path / "leaves")
    photo = leaves / "val/Drawn__blight/20.jpg"
    photo.write_bytes(photo.read_bytes()[:-400])
    done = run(cards, leaves, "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["photos"] == 7
    assert f"not read: {photo}: photo cannot be decoded" in done.stderr


def test_what_is_found_again_takes_the_place_of_the_old(cards: Path, drawn_leaves: Path) -> None:
    calibrate(cards, drawn_leaves, "--record")
    once = (cards / "tiny.toml").read_text()
    calibrate(cards, drawn_leaves, "--record")
    assert (cards / "tiny.toml").read_text() == once


def test_a_table_for_people_leaves_the_card_alone(cards: Path, drawn_leaves: Path) -> None:
    before = (cards / "tiny.toml").read_text()
    said = calibrate(cards, drawn_leaves)
    assert "temperature" in said
    assert "soil (a kind of training)" in said
    assert (cards / "tiny.toml").read_text() == before


def test_photos_of_another_class_are_refused(tmp_path: Path, drawn_leaves: Path) -> None:
    save_model(tmp_path, network(classes=2), classes=2)
    with pytest.raises(CommandError, match="has no class Drawn__blight, Drawn__healthy"):
        calibrate(tmp_path, drawn_leaves)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("temperature = 0", "doubt.temperature: Input should be greater than 0; it is 0"),
        ("unknown = 0.1", "doubt: Value error, not_a_leaf 0.2 is above unknown 0.1"),
        ("margn = 0.1", "doubt.margn: no such key"),
    ],
)
def test_a_wrong_table_names_card_line_and_field(tmp_path: Path, table: str, said: str) -> None:
    values = {
        "temperature": "1.0",
        "not_a_leaf": "0.2",
        "unknown": "0.3",
        "margin": "0.1",
        "means": '"means.npy"',
        "means_sha256": '"00"',
        "data": '"x"',
        "photos": "1",
        "passed": "0.97",
        "confident": "0.9",
        "confident_right": "0.99",
        "ece": "0.01",
    }
    name, _, value = table.partition(" = ")
    lines = [f"{key} = {own}" for key, own in (values | {name: value}).items()]
    save_model(tmp_path, network())
    card = tmp_path / "tiny.toml"
    card.write_text("\n".join([card.read_text(), "[doubt]", *lines]))
    with pytest.raises(CardError, match=r"tiny\.toml, line \d+: ") as caught:
        read_card(card)
    assert said in str(caught.value)


def test_the_means_of_classes_are_of_photos_trained_on_where_there_are_some(
    cards: Path, drawn_leaves: Path
) -> None:
    calibrate(cards, drawn_leaves, "--record")
    alone = read_prototypes(read_card(cards / "tiny.toml"))
    calibrate(cards, drawn_leaves, "--trained-on", str(drawn_leaves / "train"), "--record")
    card = read_card(cards / "tiny.toml")
    assert read_prototypes(card).means.shape == alone.means.shape
    assert not (read_prototypes(card).means == alone.means).all()
    assert card.doubt is not None
    assert card.doubt.photos == len(list((drawn_leaves / "val").rglob("*.jpg")))
