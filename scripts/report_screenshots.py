"""Take the docs' pictures of explain and audit anew: `python -m scripts.report_screenshots`.

Needs Playwright and Debian's chromium. For new weights or another look of the reports.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from cli.audit.command import AuditOptions, audit
from cli.demo import draw_labelled
from cli.explain.command import explain
from cli.explain.local_source import LocalSource
from cli.explain.source import ExplainOptions
from cli.output import Output
from workers.settings import WorkerSettings

IMAGES = Path(__file__).parents[1] / "docs/images"
_SAY = Output(quiet=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        draw_labelled(place / "leaves")
        options, settings = ExplainOptions(), WorkerSettings()
        source = LocalSource(options, settings, "cpu")
        given = [str(place / "leaves")]
        explain(given, place, source, options, batch=16, dry_run=False, say=_SAY)
        audit(
            AuditOptions(place / "leaves", place, "cropshield_cnn", "", "cpu", 16, 8),
            settings,
            _SAY,
        )
        with Image.open(place / "contact-sheet.jpg") as sheet:
            _keep(sheet.resize((sheet.width * 2 // 3, sheet.height * 2 // 3)), "contact-sheet")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            page = browser.new_page(viewport={"width": 1000, "height": 760})
            page.set_default_timeout(120_000)
            page.goto((place / "report.html").as_uri())
            _shoot(page, place, "first", "audit")
            _shoot(page, place, "photos", "mistakes")
            browser.close()


def _shoot(page: Page, place: Path, anchor: str, name: str) -> None:
    """What the page shows from the heading `anchor` on; from the top for the first."""
    if anchor != "first":
        page.evaluate("id => document.getElementById(id).scrollIntoView()", anchor)
    page.wait_for_timeout(2000)
    page.screenshot(path=place / "shot.png")
    with Image.open(place / "shot.png") as shot:
        _keep(shot.convert("RGB"), name)


def _keep(picture: Image.Image, name: str) -> None:
    target = IMAGES / f"{name}.jpg"
    picture.save(target, quality=60, optimize=True)
    sys.stdout.write(f"{target.name}: {target.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
