"""What the page of first steps shows is run as it stands."""

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

from api.routes.pages import PAGES
from tests.client.test_generated_clients import NODE
from tests.kotlin import run_kotlin
from tests.service.conftest import Service

pytestmark = pytest.mark.service
START = (PAGES / "start.html").read_text("utf-8")
RUN = {
    "sh": ["bash", "-euc"],
    "python": [sys.executable, "-c"],
    "javascript": [str(NODE / "bin/node"), "--input-type=module", "-e"],
}


def code(language: str, address: str) -> str:
    (found,) = re.findall(rf'<code data-language="{language}">(.*?)</code>', START, re.DOTALL)
    return html.unescape(found).replace("http://127.0.0.1:8000", address)


@pytest.mark.parametrize("language", RUN)
def test_the_first_job_is_done_in_three_lines(
    language: str, server: Service, address: str, leaf_jpeg: bytes, tmp_path: Path
) -> None:
    (tmp_path / "leaf.jpg").write_bytes(leaf_jpeg)
    program = code(language, address)
    assert program.count("\n") == 2
    done = subprocess.run(
        [*RUN[language], program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    best = server.http.get("/v1/jobs?limit=1").json()["jobs"][0]["result"]["predictions"][0]
    assert best["class_name"] in done.stdout


def test_the_three_lines_that_the_api_page_opens_with_are_run_too(
    server: Service, address: str, leaf_jpeg: bytes, tmp_path: Path
) -> None:
    opening = server.http.get("/openapi.json").json()["info"]["description"]
    (program,) = re.findall(r"```sh\n(.*?)\n```", opening, re.DOTALL)
    assert program.count("\n") == 2
    (tmp_path / "leaf.jpg").write_bytes(leaf_jpeg)
    here = program.replace("http://127.0.0.1:8000", address)
    subprocess.run(["bash", "-euc", here], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "overlay.jpg").read_bytes().startswith(b"\xff\xd8")


def test_the_first_job_is_done_in_three_lines_of_kotlin(
    server: Service, address: str, leaf_jpeg: bytes, tmp_path: Path
) -> None:
    """In Kotlin, by the libraries that Android has; the emulator calls its host 10.0.2.2."""
    program = code("kotlin", "").replace("http://10.0.2.2:8000", address)
    assert program.count("\n") == 2
    imports = ("java.io.File", "java.net.HttpURLConnection", "java.net.URL", "org.json.JSONObject")
    script = "".join(f"import {name}\n" for name in imports) + program
    (tmp_path / "leaf.jpg").write_bytes(leaf_jpeg)
    said = run_kotlin(script, tmp_path)
    best = server.http.get("/v1/jobs?limit=1").json()["jobs"][0]["result"]["predictions"][0]
    assert said == best["class_name"]


def test_the_first_job_takes_three_lines_of_swift() -> None:
    """Its compiler is not packaged for Debian."""
    assert code("swift", "").count("\n") == 2
