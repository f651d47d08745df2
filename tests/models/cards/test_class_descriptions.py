"""Descriptions of classes: read, checked, and whole for the bundled models."""

import re
from pathlib import Path

import pytest

from models.card_errors import CardError
from models.cards.card import Card
from models.cards.class_descriptions import read_descriptions
from models.cards.class_names import is_healthy
from models.catalog import CARDS, Catalog
from tests.models.test_catalog import CARD

NAMES = ("Tea__healthy", "Tea__red_rust")
RUST = """
[Tea__red_rust]
common_names = ["red rust of tea"]
causes = [{ kind = "fungus", name = "Cephaleuros parasiticus" }]
symptoms = '''
Orange spots,
  raised like velvet.'''
expected_heat = "On the spots."
lookalikes = [{ name = "a healthy leaf", class_name = "Tea__healthy", difference = "It is green." }]
next_steps = "Have it confirmed."
sources = [{ publisher = "A service", title = "Red rust", url = "https://example.org/rust" }]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "tea.descriptions.toml").write_text(RUST)
    return tmp_path / "tea.descriptions.toml"


def test_a_description_is_read_with_its_lines_joined(file: Path) -> None:
    found = read_descriptions(file, NAMES)
    assert list(found) == ["Tea__red_rust"]
    rust = found["Tea__red_rust"]
    assert rust.symptoms == "Orange spots, raised like velvet."
    assert rust.causes[0].kind == "fungus"
    assert rust.lookalikes[0].class_name == "Tea__healthy"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[Tea__red_rust]", "[Tea__redrust]", "line 2: Tea__redrust: the model has no class "),
        (
            '"fungus"',
            '"fungi"',
            r"line 4: Tea__red_rust\.causes\.0\.kind: Input should be 'fungus'",
        ),
        ("next_steps", "next_step", "line 10: Tea__red_rust.next_step: no such key; did you mean"),
        (
            'expected_heat = "On the spots."\n',
            "",
            "line 2: Tea__red_rust.expected_heat: is missing",
        ),
        ('"Tea__healthy"', '"Tea__helthy"', 'line 9: .*; did you mean "Tea__healthy"'),
        ("https://example", "javascript:example", r"line 11: .*sources\.0\.url: .*pattern"),
        ('["red rust of tea"]', "[]", "line 3: Tea__red_rust.common_names: Tuple should have at "),
        ('"On the spots."', '" "', "line 8: Tea__red_rust.expected_heat: .*at least 1 character"),
        ('"On the spots."', f'"{"x" * 900}"', "line 8: .*at most 800 characters; it is 'x+…$"),
        ('"Have it confirmed."', "true", "line 10: Tea__red_rust.next_steps: .*valid string"),
        ("causes = [", "causes = [[", "line 5: not TOML"),
    ],
)
def test_a_wrong_description_names_file_line_and_key(
    file: Path, old: str, new: str, message: str
) -> None:
    assert old in RUST
    file.write_text(RUST.replace(old, new))
    with pytest.raises(CardError, match=message) as caught:
        read_descriptions(file, NAMES)
    assert "tea.descriptions.toml" in str(caught.value)


def test_a_class_name_of_any_letters_can_be_described(file: Path) -> None:
    file.write_text(RUST.replace("[Tea__red_rust]", '["Thé: rouille [rouge]"]'))
    names = ["Thé: rouille [rouge]", "Tea__healthy"]
    assert list(read_descriptions(file, names)) == ["Thé: rouille [rouge]"]
    with pytest.raises(CardError, match=r"line 2: Thé: rouille"):
        read_descriptions(file, NAMES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A card beside its descriptions."""
    (tmp_path / "leafy.toml").write_text(f'{CARD}descriptions = "leafy.descriptions.toml"\n')
    (tmp_path / "classes.json").write_text('["Tea__healthy", "Tea__red_rust"]')
    (tmp_path / "leafy.descriptions.toml").write_text(RUST)
    return tmp_path


def test_a_card_brings_descriptions_of_its_own(folder: Path) -> None:
    catalog = Catalog(folder)
    assert [card.id for card in catalog] == ["leafy"]
    assert list(catalog["leafy"].class_descriptions) == ["Tea__red_rust"]
    assert catalog.describes("leafy", "Tea__red_rust")
    assert not catalog.describes("leafy", "Tea__healthy")
    assert not catalog.describes("coffee", "Tea__red_rust")


def test_a_card_without_descriptions_describes_nothing(folder: Path) -> None:
    (folder / "leafy.toml").write_text(CARD)
    catalog = Catalog(folder)
    assert catalog["leafy"].class_descriptions == {}
    assert not catalog.describes("leafy", "Tea__red_rust")


def test_wrong_descriptions_are_told_before_anything_is_served(folder: Path) -> None:
    (folder / "leafy.descriptions.toml").write_text(RUST.replace("next_steps", "next"))
    with pytest.raises(CardError, match=r"leafy\.descriptions\.toml, line 10: .*next: no such key"):
        Catalog(folder)
    (folder / "leafy.descriptions.toml").unlink()
    with pytest.raises(CardError, match=r"class descriptions .* cannot be read: No such file"):
        Catalog(folder)


def test_a_file_that_would_be_taken_for_a_card_is_refused_by_its_name(folder: Path) -> None:
    (folder / "leafy.toml").write_text(f'{CARD}descriptions = "tea.toml"\n')
    with pytest.raises(CardError, match=r"line 11: descriptions: .*must end in descriptions\.toml"):
        Catalog(folder)


@pytest.mark.parametrize("card", [*Catalog()], ids=lambda card: card.id)
def test_every_class_of_a_bundled_model_is_described_by_two_public_bodies(card: Card) -> None:
    assert tuple(card.class_descriptions) == card.class_names
    for name, described in card.class_descriptions.items():
        assert len({source.publisher for source in described.sources}) >= 2, name
        assert bool(described.causes) != is_healthy(name), name
        assert described.lookalikes, name
        assert name not in [other.class_name for other in described.lookalikes], name


PRODUCTS = ("fungicide", "pesticide", "copper", "captan", "mancozeb", "sulfur", "spray it")
DOSES = re.compile(r"\d+ ?(ml|g|l|kg|%|litres?)\b")


def test_bundled_descriptions_name_no_product_and_no_dose() -> None:
    text = (CARDS.parent / "class_descriptions.toml").read_text("utf-8").lower()
    assert [word for word in PRODUCTS if word in text] == []
    assert DOSES.findall(text) == []
