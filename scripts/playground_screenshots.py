"""Take the docs' pictures of the playground anew, from a running server.

    python -m scripts.playground_screenshots http://127.0.0.1:8000

Needs the test group and a Chromium.
"""

import io
import shutil
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from pictures.drawn_leaves.leaves import draw_leaf

IMAGES = Path(__file__).parents[1] / "docs/images"
LOOKS: dict[str, dict[str, Any]] = {
    "playground": {"viewport": {"width": 1100, "height": 1060}},
    "playground-phone": {
        "viewport": {"width": 390, "height": 1060},
        "color_scheme": "dark",
        "has_touch": True,
        "is_mobile": True,
    },
}


def main(server: str) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, look in LOOKS.items():
            picture = photographed(browser, server, look)
            picture.save(IMAGES / f"{name}.jpg", quality=70, optimize=True)
        browser.close()


def photographed(browser: Browser, server: str, look: dict[str, Any]) -> Image.Image:
    """The page with the result of a drawn leaf."""
    page, leaf = browser.new_page(**look), io.BytesIO()
    draw_leaf("mosaic", seed=0).photo.save(leaf, "JPEG", quality=90)
    page.goto(server)
    page.locator("#colormap option").first.wait_for(state="attached")
    photo: Any = {"name": "leaf.jpg", "mimeType": "image/jpeg", "buffer": leaf.getvalue()}
    page.set_input_files("#choose", photo)
    page.locator("#result").wait_for()
    page.evaluate("scrollTo(0, 0)")
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


if __name__ == "__main__":
    main(sys.argv[1])
