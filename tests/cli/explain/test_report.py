"""The report of `cropshield explain`, in a browser that reaches nothing."""

import base64
import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli.explain.report import write_report
from engine.diagnostics import WARNINGS
from languages.catalogs import entries
from languages.offered import ENGLISH, OFFERED
from languages.translator import translator
from models.catalog import Catalog
from models.verdicts.verdict import VERDICTS
from pictures.drawn_leaves.leaves import draw_leaf
from tests.cli.conftest import LOOKS, violations

NAMES = ("Apple__scab", "Corn__common_rust")
SCAB = Catalog()["cropshield_cnn"].class_descriptions["Apple__scab"]
BOX = {"left": 0.25, "top": 0.5, "right": 0.75, "bottom": 1.0}


def _row(folder: Path, number: int, verdict: str, *warnings: str) -> dict[str, Any]:
    """A photo as the log knows it: taken for a scab, next for a rust."""
    photo = folder / f"{number}.jpg"
    draw_leaf("spots", seed=number, size=(160, 120)).photo.save(photo)
    heat = base64.b64encode(np.arange(196, dtype=np.uint8).tobytes()).decode()
    said = {"focus": 0.2, "border_share": 0.1, "leaf_share": 0.5, "flatness": 0.1}
    diagnostics = said | {"warnings": list(warnings), "sentence": "The model looked here."}
    heatmap = {"width": 14, "height": 14, "data": heat}
    places = range(len(NAMES))
    return {
        "path": str(photo),
        "name": photo.name,
        "ok": True,
        "image": {"width": 160, "height": 120, "format": "JPEG"},
        "model": {"id": "cropshield_cnn", "version": "7", "weights_sha256": "ab" * 32},
        "verdict": verdict,
        "affected_share": 0.12 if verdict == "confident" else None,
        "predictions": [
            {"class_index": place, "class_name": NAMES[place], "confidence": (0.6, 0.3)[place]}
            for place in places
        ],
        "explanations": [
            {
                "class_index": place,
                "diagnostics": diagnostics,
                "heatmap": heatmap,
                "regions": [{"box": BOX, "heat_share": 0.5, "area": 0.02}],
                "overlay": photo.name,
            }
            for place in places
        ],
    }


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """Of three photos, one of them doubtful, one with a warning, and one that failed."""
    bad = {"path": "/bad.jpg", "ok": False, "error": "<b>no photo</b>"}
    rows = [
        _row(tmp_path, 1, "confident"),
        _row(tmp_path, 2, "not_a_leaf"),
        _row(tmp_path, 3, "confident", "edge"),
        bad,
    ]
    write_report(rows, tmp_path / "report.html", {"Apple__scab": SCAB})
    return tmp_path / "report.html"


def test_photos_are_found_by_why_they_are_worth_a_look(
    report: Path, open_report: Callable[..., Any]
) -> None:
    page = open_report(report)
    assert page.locator(".card").count() == 3
    assert page.locator("td", has_text="<b>no photo</b>").count() == 1
    page.get_by_role("button", name="no leaf 1").click()
    assert page.locator(".card h3").all_inner_texts() == ["2.jpg"]
    assert page.locator(".card canvas").count() == 2
    page.get_by_role("button", name="Show all").click()
    page.get_by_role("button", name="heat on the border 1").click()
    assert page.locator(".card h3").all_inner_texts() == ["3.jpg"]
    page.get_by_text("What the words on the photos mean").click()
    assert page.get_by_text("much of the heat lies along the photo's edge").is_visible()


def test_what_the_classes_are_is_told_for_those_that_were_found(
    report: Path, open_report: Callable[..., Any]
) -> None:
    page = open_report(report)
    symptoms = page.get_by_text(SCAB.symptoms)
    assert not symptoms.is_visible()
    page.locator("details", has_text="look for").locator("summary").click()
    assert symptoms.is_visible()
    assert page.get_by_text("EPPO code VENTIN").is_visible()
    source = page.get_by_role("link", name=SCAB.sources[0].title)
    assert source.get_attribute("href") == SCAB.sources[0].url
    assert violations(page) == []


def test_boxes_around_hot_places_are_switched_on(
    report: Path, open_report: Callable[..., Any]
) -> None:
    page = open_report(report)
    assert not page.locator(".region").first.is_visible()
    page.get_by_label("Boxes around the hot places").check()
    box, photo = (page.locator(name).first.bounding_box() for name in (".region", ".stack"))
    assert box["x"] - photo["x"] == pytest.approx(photo["width"] / 4, abs=2)
    assert box["y"] - photo["y"] == pytest.approx(photo["height"] / 2, abs=2)
    assert box["width"] == pytest.approx(photo["width"] / 2, abs=2)
    assert page.get_by_text("about 12% of the leaf looks ill, by its colour").count() == 2


def test_a_report_of_an_older_run_has_no_boxes_to_offer(
    tmp_path: Path, open_report: Callable[..., Any]
) -> None:
    row = _row(tmp_path, 1, "confident")
    del row["affected_share"]
    for found in row["explanations"]:
        del found["regions"]
    write_report([row], tmp_path / "report.html", {})
    page = open_report(tmp_path / "report.html")
    assert page.locator(".card").count() == 1
    assert not page.get_by_label("Boxes around the hot places").is_visible()
    assert page.get_by_text("What the classes are").count() == 0


def test_notes_become_a_list(report: Path, open_report: Callable[..., Any], tmp_path: Path) -> None:
    page = open_report(report)
    page.locator(".card textarea").first.fill("look again")
    with page.expect_download() as download:
        page.get_by_role("button", name="To-do list as CSV").click()
    download.value.save_as(tmp_path / "to-do.csv")
    (row,) = csv.DictReader((tmp_path / "to-do.csv").read_text("utf-8-sig").splitlines())
    assert (row["prediction"], row["note"]) == ("Apple__scab", "look again")


def test_the_list_is_for_a_spreadsheet_that_runs_nothing(
    report: Path, open_report: Callable[..., Any], tmp_path: Path
) -> None:
    page = open_report(report)
    notes = {"\n=1": "'\n=1", "＝1": "'＝1", "a;=1 é": "a;'=1 é"}
    for place, note in enumerate(notes):
        page.locator(".card textarea").nth(place).fill(note)
    with page.expect_download() as download:
        page.get_by_role("button", name="To-do list as CSV").click()
    download.value.save_as(tmp_path / "to-do.csv")
    with (tmp_path / "to-do.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {row["note"] for row in csv.DictReader(file)} == set(notes.values())
    assert (tmp_path / "to-do.csv").read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("look", LOOKS, ids=["light", "dark", "phone"])
def test_the_report_is_accessible_and_fits_a_phone(
    report: Path, open_report: Callable[..., Any], look: dict[str, Any]
) -> None:
    page = open_report(report, **look)
    assert violations(page) == []
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]


@pytest.mark.parametrize("language", [code for code in OFFERED if code != ENGLISH])
def test_a_report_is_read_in_another_language(
    tmp_path: Path, open_report: Callable[..., Any], language: str
) -> None:
    translated = translator(language)
    rows = [_row(tmp_path, 1, "low_margin", "edge"), _row(tmp_path, 2, "confident")]
    write_report(rows, tmp_path / "report.html", {"Apple__scab": SCAB}, translated)
    page = open_report(tmp_path / "report.html")
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("h1").inner_text() == translated.plural("{count} leaf explained", "", 2)
    assert page.locator("td").first.inner_text() == translated.text("Apple: scab")
    assert page.locator(".why li").all_inner_texts() == [
        translated.text(VERDICTS["low_margin"].label),
        translated.text(WARNINGS["edge"].label),
    ]
    texts = set(page.locator("body *").all_inner_texts())
    told = {
        english for english, (text, *_) in entries(language, "reports").items() if text != english
    }
    assert told & texts == set()
    assert violations(page) == []
