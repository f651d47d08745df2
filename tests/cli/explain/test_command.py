"""`cropshield explain` as a user runs it."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pictures.drawn_leaves.leaves import draw_leaf
from pictures.maps import Box
from pictures.rendering.blend import upsample
from tests.cli.conftest import Command

ROOT = Path(__file__).parents[3]


def _log(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


def test_a_folder_becomes_overlays_tables_a_sheet_and_a_report(
    cropshield: Command, leaves: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = cropshield("explain", leaves, "--out", out, "--top-k", 2)
    assert (done.returncode, done.stderr) == (0, "")
    assert "5 explained" in done.stdout
    photos = sorted(path.relative_to(leaves) for path in leaves.rglob("*.jpg"))
    for folder in ("overlays", "overlays-2"):
        made = sorted(path.relative_to(out / folder) for path in (out / folder).rglob("*.jpg"))
        assert made == photos
    with (out / "results.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert {Path(row["path"]).name for row in rows} == {path.name for path in photos}
    assert all(0 < float(row["confidence"]) <= 1 for row in rows)
    assert all(
        row["affected_share"] == "" or 0 <= float(row["affected_share"]) <= 1 for row in rows
    )
    assert all((out / row["overlay"]).is_file() for row in rows)
    with Image.open(out / "contact-sheet.jpg") as sheet:
        assert sheet.width > 1000
    assert "Photos" in (out / "report.html").read_text()


def test_method_and_batch_are_those_of_the_command_line(
    cropshield: Command, leaves: Path, tmp_path: Path
) -> None:
    words = ["--method", "hirescam", "--batch", 2, "--device", "cpu", "--top-k", 3]
    assert cropshield("explain", leaves, "--out", tmp_path / "out", *words).returncode == 0
    found = [row["explanations"] for row in _log(tmp_path / "out")]
    assert {one["method"] for each in found for one in each} == {"hirescam"}
    assert {len(each) for each in found} == {3}


def test_a_second_run_does_only_what_is_new_or_changed(
    cropshield: Command, leaves: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    cropshield("explain", leaves, "--out", out)
    changed, new = sorted(leaves.rglob("*.jpg"))[0], leaves / "new.png"
    draw_leaf("blight", seed=9, size=(320, 240)).photo.save(changed)
    draw_leaf("rust", seed=9, size=(320, 240)).photo.save(new)
    done = cropshield("explain", leaves, "--out", out)
    assert "2 explained" in done.stdout
    assert "4 done before" in done.stdout
    assert {row["path"] for row in _log(out)[5:]} == {str(changed), str(new)}
    other = cropshield("explain", leaves, "--out", out, "--alpha", 0.2)
    assert "6 explained" in other.stdout
    assert "0 explained" in cropshield("explain", leaves, "--out", out, "--alpha", 0.2).stdout


def test_a_name_that_is_not_utf_8_is_explained_and_told(
    cropshield: Command, leaves: Path, tmp_path: Path
) -> None:
    out, odd = tmp_path / "out", leaves / "farm 0" / os.fsdecode(b"leaf-\xe9.jpg")
    photo = sorted(leaves.rglob("*.jpg"))[0]
    photo.rename(odd)
    (leaves / "farm 0" / os.fsdecode(b"bad-\xe9.jpg")).write_text("no photo")
    done = cropshield("explain", leaves / "farm 0", "--out", out, "--json")
    assert done.returncode == 1
    assert "bad-\\xe9.jpg: photo is not an image" in done.stderr
    assert odd.name in {Path(row["path"]).name for row in _log(out)}
    with (out / "results.csv").open(newline="", encoding="utf-8-sig") as file:
        names = {Path(row["path"]).name for row in csv.DictReader(file)}
    assert {"leaf-\\xe9.jpg", "bad-\\xe9.jpg"} <= names
    assert "bad-\\xe9.jpg" in (out / "report.html").read_text("utf-8")
    assert "0 explained" in cropshield("explain", leaves / "farm 0", "--out", out).stdout


def test_one_bad_file_never_stops_the_run(
    cropshield: Command, leaves: Path, tmp_path: Path
) -> None:
    bad = leaves / "farm 0" / "bad.jpg"
    bad.write_text("no photo at all")
    listed = "\n".join([*map(str, sorted(leaves.rglob("*.jpg"))), str(leaves / "gone.jpg")])
    done = cropshield("explain", "-", "--out", tmp_path / "out", "--json", stdin=listed)
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["explained"], told["failed"]) == (5, 2)
    assert {failure["path"] for failure in told["failures"]} == {str(bad), str(leaves / "gone.jpg")}
    assert "not an image of a known format" in done.stderr
    assert "No such file" in done.stderr


def test_the_map_in_the_log_is_the_heat_of_the_overlay(
    cropshield: Command, leaves: Path, tmp_path: Path
) -> None:
    from base64 import b64decode

    photo = sorted(leaves.rglob("*.jpg"))[0]
    cropshield("explain", photo, "--out", tmp_path, "--alpha", 1, "--colormap", "bone")
    (row,) = _log(tmp_path)
    found = row["explanations"][0]
    packed = np.frombuffer(b64decode(found["heatmap"]["data"]), np.uint8).astype(np.float32)
    heat = packed.reshape(found["heatmap"]["height"], found["heatmap"]["width"])
    with Image.open(tmp_path / found["overlay"]) as overlay:
        grey = np.asarray(overlay.convert("L"))
    drawn = upsample(heat, grey.shape[1], grey.shape[0], Box.of(found["heatmap"]))
    assert np.corrcoef(drawn.ravel(), grey.ravel())[0, 1] > 0.99


def test_a_dry_run_writes_nothing(cropshield: Command, leaves: Path, tmp_path: Path) -> None:
    done = cropshield("explain", leaves, "--out", tmp_path / "out", "--dry-run")
    assert done.returncode == 0
    assert "would explain 5 photos" in done.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--method", "scorecam"], 2, "unknown method 'scorecam'; known are gradcam"),
        (["--colormap", "hsv"], 2, "unknown colormap 'hsv'"),
        (["--alpha", "2"], 2, "0<=x<=1"),
        (["--model", "oracle"], 3, "unknown model 'oracle'; known are cropshield_cnn"),
        (["--device", "toaster"], 3, "no device 'toaster' here"),
    ],
)
def test_what_stops_a_run_is_said_with_its_own_exit_code(
    cropshield: Command, leaves: Path, tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    done = cropshield("explain", leaves, "--out", tmp_path / "out", *words)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_quiet_says_nothing(cropshield: Command, leaves: Path, tmp_path: Path) -> None:
    done = cropshield("explain", leaves, "--out", tmp_path / "out", "--quiet")
    assert (done.stdout, done.stderr) == ("", "")


def test_ctrl_c_ends_with_130_and_the_next_run_goes_on(
    cropshield: Command, leaves: Path, tmp_path: Path
) -> None:
    one, many, out = sorted(leaves.rglob("*.jpg"))[0], tmp_path / "many", tmp_path / "out"
    many.mkdir()
    for number in range(150):
        shutil.copy(one, many / f"{number:03}.jpg")
    argv = [sys.executable, "-m", "cli", "explain", str(many), "--out", str(out), "--batch", "2"]
    process = subprocess.Popen(argv, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, text=True)
    while not (out / "results.jsonl").exists() or not _log(out):
        assert process.poll() is None, "ended before it was interrupted"
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "give the command again" in said
    assert 0 < len(_log(out)) < 150
    assert cropshield("explain", many, "--out", out).returncode == 0
    paths = [row["path"] for row in _log(out)]
    assert len(paths) == len(set(paths)) == 150
