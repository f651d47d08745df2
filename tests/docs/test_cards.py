"""The page on cards names every key with its default, and the guide to an own model works."""

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from cli.main import app
from models.cards.calibration import Calibration
from models.cards.card import Card, Preprocessing
from models.cards.class_descriptions import (
    Cause,
    ClassDescription,
    Lookalike,
    Source,
    read_descriptions,
)
from models.cards.graph import Graph
from models.cards.recipe import Lesions, Stage, Training
from models.catalog import Catalog
from tests.docs.pages import ROOT, blocks, rows

PAGE = "docs/reference/cards.md"
TABLES = {"path", "preprocessing", "training", "lesions", "metrics", "doubt", "graph"}


@pytest.mark.parametrize(
    ("heading", "part"),
    [
        ("The card", Card),
        ("Input: preprocessing", Preprocessing),
        ("The recipe: training", Training),
        ("Where the disease is: training.lesions", Lesions),
        ("A stage of training", Stage),
        ("When to rely on it: doubt", Calibration),
        ("To run without torch: graph", Graph),
        ("Descriptions of classes", ClassDescription),
        ("A cause", Cause),
        ("A lookalike", Lookalike),
        ("A source", Source),
    ],
)
def test_every_key_is_named_with_its_default(heading: str, part: type[BaseModel]) -> None:
    documented = rows(PAGE, heading)
    assert set(documented) == set(part.model_fields) - TABLES
    for name, field in part.model_fields.items():
        if name in documented:
            shown = documented[name][0].strip("` ")
            default = "" if field.is_required() else field.default
            assert shown == (json.dumps(default) if default != "" else ""), name


def test_the_example_of_a_description_is_read(tmp_path: Path) -> None:
    (tmp_path / "descriptions.toml").write_text(blocks(ROOT / PAGE, "toml")[-1], "utf-8")
    names = ("Tea__healthy", "Tea__red_rust")
    found = read_descriptions(tmp_path / "descriptions.toml", names)
    assert found["Tea__red_rust"].symptoms.startswith("Where on the leaf, which colour")


def test_an_own_model_is_added_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = ROOT / "docs/how-to/add-a-model.md"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CROPSHIELD_HOME", "var")
    python, command, said = (blocks(page, tongue)[0] for tongue in ("python", "sh", "text"))
    subprocess.run([sys.executable, "-c", dedent(python)], check=True)
    words = command.strip().removeprefix(".venv/bin/cropshield ").split()
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.output.replace(str(tmp_path) + "/", "").strip() == dedent(said).strip()
    assert Catalog(Path("var/models"))["tea"].class_names[0] == "Tea__healthy"
