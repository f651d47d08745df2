"""Chromium, as tests drive it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests import programs

START_MS = 300_000  # before a browser counts as not starting, on however busy a machine
WAIT_MS = 120_000  # before something on a page counts as not happening


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window; the test is skipped where there is none."""
    found = programs.find("chromium")
    if found is None:
        pytest.skip("there is no Chromium; tests.programs installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox"], timeout=START_MS
        )
        yield browser
        browser.close()
