"""Cards: data that is checked before anything relies on it."""

import json
from pathlib import Path

import pytest

from models.card_errors import CardError
from models.cards.card import read_card
from models.catalog import CARDS, Catalog, UnknownModel

CARD = """
id = "leafy"
version = "1"
title = "A test"
architecture = "resnet18"
weights = "leafy.pth"
sha256 = "00"
classes = "classes.json"
target_layer = "layer4"
licence = "Apache-2.0"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "leafy.toml").write_text(CARD)
    (tmp_path / "classes.json").write_text(json.dumps({"b": 1, "a": 0}))
    return tmp_path


def test_bundled_cards_are_whole() -> None:
    cards = list(Catalog())
    assert cards
    for card in cards:
        card.verify()
        assert len(card.class_names) > 1
        assert card.attribution
        assert card.graph_path, f"a worker without torch cannot serve it: models export {card.id}"


def test_a_card_reads_with_its_classes_in_order(folder: Path) -> None:
    card = Catalog(folder)["leafy"]
    assert card.class_names == ("a", "b")
    assert Catalog(folder).of_weights(folder / "leafy.pth") == card
    assert Catalog(folder).of_weights(folder / "other.pth") is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_card_may_have_a_byte_order_mark(folder: Path, encoding: str) -> None:
    (folder / "leafy.toml").write_text(CARD.lstrip(), encoding)
    assert read_card(folder / "leafy.toml").id == "leafy"
    (folder / "leafy.toml").write_text(CARD.lstrip().replace("leafy.pth", "none.pth"), encoding)
    with pytest.raises(CardError, match=r"leafy\.toml, line 5: weights: weight file .* is missing"):
        read_card(folder / "leafy.toml").verify()


def test_an_unknown_model_names_the_known_ones(folder: Path) -> None:
    with pytest.raises(UnknownModel, match="'x'; known are leafy"):
        Catalog(folder)["x"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "leafy"', 'id = "Leafy!"', "id: "),
        ('title = "A test"', "", r"leafy\.toml: title: is missing"),
        (
            'licence = "Apache-2.0"',
            'licence = "Apache-2.0"\n[training]\npatience = true',
            r"line 12: training\.patience: .*true and false are no numbers; it is True",
        ),
        (
            'licence = "Apache-2.0"',
            'licence = "Apache-2.0"\n[preprocessing]\nmean = [0.5, false, 0.5]',
            r"preprocessing\.mean: .*true and false are no numbers",
        ),
        (
            'title = "A test"',
            'tittle = "A test"',
            'line 4: tittle: no such key; did you mean "title"',
        ),
        ('"resnet18"', '"resnet"', "line 5: architecture: unknown architecture 'resnet'"),
        ('version = "1"', 'version = "1"\nid = "b"', "line 4: not TOML"),
        (
            '= "Apache-2.0"',
            '= "Apache-2.0"\n[preprocessing]\nsize = 8',
            r"line 12: preprocessing\.size",
        ),
        ('sha256 = "00"', "sha256 = 0", "sha256: "),
        ('version = "1"', "version = ", "not TOML"),
    ],
)
def test_a_wrong_card_names_file_and_field(folder: Path, old: str, new: str, said: str) -> None:
    (folder / "leafy.toml").write_text(CARD.replace(old, new))
    with pytest.raises(CardError, match=said) as caught:
        read_card(folder / "leafy.toml")
    assert "leafy.toml" in str(caught.value)


def test_foreign_weights_are_refused(folder: Path) -> None:
    card = Catalog(folder)["leafy"]
    with pytest.raises(CardError, match="missing"):
        card.verify()
    (folder / "leafy.pth").write_bytes(b"something else")
    with pytest.raises(CardError, match="sha256"):
        card.verify()


@pytest.mark.parametrize("content", ['{"a": 0, "b": 2}', "not json"])
def test_a_wrong_class_list_is_named(folder: Path, content: str) -> None:
    (folder / "classes.json").write_text(content)
    with pytest.raises(CardError, match=r"classes\.json"):
        _ = Catalog(folder)["leafy"].class_names


def test_two_cards_with_one_id_are_refused(folder: Path) -> None:
    (folder / "again.toml").write_text(CARD)
    said = r"leafy\.toml, line 2: id: 'leafy' is the id of .*again\.toml too"
    with pytest.raises(CardError, match=said):
        Catalog(folder)


def test_bundled_cards_stand_in_one_folder() -> None:
    assert {card.path.parent for card in Catalog()} == {CARDS}


def test_cards_of_several_folders_are_served_together(folder: Path) -> None:
    assert {"leafy", "cropshield_cnn"} <= {card.id for card in Catalog(CARDS, folder)}
    assert "leafy" not in {card.id for card in Catalog(CARDS, folder / "absent")}


def test_every_wrong_card_is_named_at_once(folder: Path) -> None:
    (folder / "leafy.toml").write_text(CARD.replace("resnet18", "resnet"))
    (folder / "other.toml").write_text("id = \n")
    said = r"leafy\.toml, line 5: .*\n.*other\.toml, line 1: not TOML"
    with pytest.raises(CardError, match=said):
        Catalog(folder)
