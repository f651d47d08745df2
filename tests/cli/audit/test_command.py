"""`cropshield audit` on drawn leaves, and its report in a browser that reaches nothing."""

import csv
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cli.audit.command import AuditOptions, audit
from cli.output import Output
from languages.catalogs import entries
from languages.translator import translator
from models.catalog import Catalog
from tests.cli.audit.leaves import draw_folder
from tests.cli.conftest import LOOKS, Command, violations
from workers.settings import WorkerSettings


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an audit of ten leaves, one of them twice and one of them broken."""
    place = tmp_path_factory.mktemp("audit")
    leaves = draw_folder(place / "leaves")
    copied = leaves / "Corn__common_rust" / os.fsdecode(b"copy-\xe9.jpg")
    shutil.copy(leaves / "Apple__scab/0.jpg", copied)
    (leaves / "Apple__black_rot").mkdir()
    (leaves / ".ipynb_checkpoints").mkdir()
    shutil.copy(copied, leaves / ".ipynb_checkpoints/0-checkpoint.jpg")
    (leaves / "Apple__scab" / "bad.jpg").write_text("no photo")
    settings = WorkerSettings(runtime="torch")
    wanted = AuditOptions(leaves, place / "out", "cropshield_cnn", "cropshield_cnn", "cpu", 4, 2)
    assert audit(wanted, settings, Output(quiet=True)) == 1
    return place / "out"


@pytest.fixture
def page(audited: Path, open_report: Callable[..., Any]) -> Any:
    return open_report(audited / "report.html")


def test_the_numbers_stand_in_json(audited: Path) -> None:
    told = json.loads((audited / "audit.json").read_text())
    assert told["photos"] == len(told["each"]) == 10
    assert [Path(one["path"]).name for one in told["failed"]] == ["bad.jpg"]
    right = [one["label"] == one["predicted"] for one in told["each"]]
    assert told["accuracy"] == round(sum(right) / 10, 4)
    assert [[Path(path).name for path in group] for group in told["near_duplicates"]] == [
        ["0.jpg", os.fsdecode(b"copy-\xe9.jpg")]
    ]
    assert told["against"]["first_only"] == told["against"]["second_only"] == 0
    assert told["faithfulness"] is None or told["faithfulness"]["photos"] <= 2


def test_the_report_is_sorted_filtered_noted_on_and_exported(page: Any, tmp_path: Path) -> None:
    cards = page.locator(".card")
    page.get_by_role("button", name="Show all").click()
    everything = cards.count()
    page.get_by_role("button", name="near duplicate 2").click()
    assert cards.count() == 2 < everything
    page.locator(".card select").first.select_option("check the label")
    page.locator(".card textarea").first.fill('=1+1, "twice"')
    page.reload()
    page.get_by_role("button", name="Show all").click()
    page.get_by_role("button", name="noted 1").click()
    assert page.locator(".card textarea").input_value() == '=1+1, "twice"'
    with page.expect_download() as download:
        page.get_by_role("button", name="To-do list as CSV").click()
    download.value.save_as(tmp_path / "to-do.csv")
    (row,) = csv.DictReader((tmp_path / "to-do.csv").read_text("utf-8-sig").splitlines())
    assert (row["to do"], row["note"]) == ("check the label", '\'=1+1, "twice"')


def test_a_table_is_sorted_by_its_headings(page: Any) -> None:
    def shares() -> list[str]:
        return [
            str(one) for one in page.locator("#classes ~ .wide td:nth-child(6)").all_inner_texts()
        ]

    heading = page.get_by_role("button", name="confidence", exact=True)
    heading.click()
    rising = shares()
    heading.click()
    assert shares() == rising[::-1] != rising


def test_a_mix_up_shows_its_photos_with_both_explanations(page: Any) -> None:
    mixed = page.locator(".confusion td button").first
    count = int(mixed.inner_text())
    mixed.click()
    assert page.locator(".card").count() == count
    assert page.locator(".card").first.locator("canvas").count() == 2


def test_what_the_classes_are_is_told_for_those_that_were_met(page: Any) -> None:
    page.get_by_role("link", name="What the classes are").click()
    for title in ("Apple: scab", "Corn: common rust", "Potato: healthy"):
        summary = page.get_by_role("group").get_by_text(title, exact=True)
        summary.click()
        assert summary.locator("..").get_by_text("look for", exact=True).is_visible()


def test_the_heat_can_be_taken_away(page: Any) -> None:
    canvas = page.locator(".card canvas").first
    canvas.scroll_into_view_if_needed()
    opacity = "one => getComputedStyle(one).opacity"
    assert float(canvas.evaluate(opacity)) > 0.4
    page.get_by_role("slider", name="Heat").fill("0")
    assert float(canvas.evaluate(opacity)) == 0


@pytest.mark.parametrize("look", LOOKS, ids=["light", "dark", "phone"])
def test_the_report_is_accessible_and_fits_a_phone(
    audited: Path, open_report: Callable[..., Any], look: dict[str, Any]
) -> None:
    page = open_report(audited / "report.html", **look)
    assert violations(page) == []
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--model", "oracle"], 3, "unknown model 'oracle'"),
        (["--against", "oracle"], 3, "unknown model 'oracle'"),
        ([], 2, "the model has no class Rose__mildew"),
    ],
)
def test_what_stops_an_audit_is_said_with_its_own_exit_code(
    cropshield: Command, tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    (tmp_path / "leaves" / "Rose__mildew").mkdir(parents=True)
    Image.new("RGB", (64, 64)).save(tmp_path / "leaves" / "Rose__mildew" / "1.png")
    done = cropshield("audit", tmp_path / "leaves", "--out", tmp_path / "out", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_report_is_in_the_language_that_was_asked_for_and_the_numbers_are_as_ever(
    tmp_path: Path, open_report: Callable[..., Any]
) -> None:
    leaves, spanish = draw_folder(tmp_path / "leaves"), translator("es")
    wanted = AuditOptions(leaves, tmp_path, "cropshield_cnn", "", "cpu", 4, 0, spanish)
    assert audit(wanted, WorkerSettings(runtime="torch"), Output(quiet=True)) == 0
    page = open_report(tmp_path / "report.html")
    assert page.locator("html").get_attribute("lang") == "es"
    assert page.locator("svg text").get_by_text("0,5", exact=True).count() == 2
    assert page.locator("h1").inner_text().endswith(" fotos")
    assert page.get_by_role("heading", name="Mire primero estas").is_visible()
    texts = set(page.locator("body *").all_inner_texts())
    found = entries("es", "reports").items()
    assert texts & {english for english, (text, *_) in found if text != english} == set()
    assert violations(page) == []
    told = json.loads((tmp_path / "audit.json").read_text())
    assert {one["label"] for one in told["each"]} <= set(Catalog()["cropshield_cnn"].class_names)


def test_a_language_that_is_not_offered_is_named_with_those_that_are(
    cropshield: Command,
) -> None:
    said = cropshield("audit", "leaves", "--out", "out", "--lang", "tlh")
    assert said.returncode == 2
    assert "'tlh' is not offered; offered are en (English)" in said.stderr
