"""The real stack, and a browser in which everything that goes wrong is noticed."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from models.catalog import CARDS, Catalog
from pictures.drawn_leaves.leaves import draw_leaf
from tests.browsers import WAIT_MS, chromium
from tests.conftest import started_redis
from tests.service.conftest import Service

expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An API, a worker and a Redis of their own for all tests of pages; they have a second model.

    A photo that was explained in one test is answered from before in the next.
    """
    home = tmp_path_factory.mktemp("web") / "var"
    add_model(home / "models")
    with started_redis(home.with_name("redis")) as url:
        service = Service(home, url)
        try:
            service.start_api()
            service.start_worker()
            yield service
        finally:
            service.close()


def add_model(folder: Path) -> None:
    """A card `sister`: the bundled weights without calibration."""
    folder.mkdir(parents=True)
    card = Catalog(CARDS)["cropshield_cnn"]
    shutil.copy(card.weights_path, folder / "sister.pth")
    shutil.copy(CARDS.parent / "class_to_idx.json", folder / "sister.json")
    inputs = card.preprocessing
    (folder / "sister.toml").write_text(f"""
        id = "sister"
        version = "1"
        title = "The sister"
        architecture = "cropshield_cnn"
        weights = "sister.pth"
        sha256 = "{card.sha256}"
        classes = "sister.json"
        target_layer = "block4"
        licence = "Apache-2.0"
        [preprocessing]
        size = {inputs.size}
        mean = {list(inputs.mean)}
        std = {list(inputs.std)}
    """)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Ends with these tests: its event loop keeps others from running one."""
    with chromium() as browser:
        yield browser


NewPage = Callable[..., Page]


@pytest.fixture
def new_page(browser: Browser, stack: Service) -> Iterator[NewPage]:
    """Opens a page of the server for somebody new. At the end: nothing was asked of another host,
    and the browser complained of nothing, the content security policy included."""
    opened: list[BrowserContext] = []
    complaints: list[str] = []

    def note_request(url: str, root: str) -> None:
        if not url.startswith((root, f"blob:{root}", "data:")):
            complaints.append(f"asked for {url}")

    def open_page(
        path: str = "",
        server: Service = stack,
        prepare: Callable[[BrowserContext], None] = lambda _: None,
        **options: Any,
    ) -> Page:
        root = f"http://127.0.0.1:{server.port}/"
        context = browser.new_context(base_url=root, **options)
        opened.append(context)
        context.on("request", lambda request: note_request(request.url, root))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on(
            "console",
            lambda line: complaints.append(line.text) if line.type == "error" else None,
        )
        context.set_default_timeout(WAIT_MS)
        prepare(context)
        page = context.new_page()
        page.goto(path or "/")
        page.locator("#colormap option, #trouble:not([hidden])").first.wait_for(state="attached")
        return page

    open_page.complaints = complaints  # type: ignore[attr-defined]
    yield open_page
    for context in opened:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def leaves(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return draw_leaves(tmp_path_factory.mktemp("leaves"))


@pytest.fixture
def new_leaves(tmp_path: Path) -> list[Path]:
    """As `leaves`, but of which there is no result."""
    return draw_leaves(tmp_path, first_seed=secrets.randbelow(2**31))


def draw_leaves(folder: Path, first_seed: int = 0) -> list[Path]:
    """Files of three drawn leaves, larger than what the page sends."""
    paths = [folder / f"{kind}.jpg" for kind in ("spots", "blight", "mosaic")]
    for seed, path in enumerate(paths, first_seed):
        draw_leaf(path.stem, seed=seed).photo.resize((1600, 1200)).save(path, quality=90)
    return paths
