"""Pages for people."""

import hashlib
import re

from starlette.testclient import TestClient

from api.problems.http_problems import all_problems
from api.routes.pages import ASSETS


def test_the_docs_page_asks_nothing_of_other_hosts(client: TestClient) -> None:
    page = client.get("/docs").text
    asked = re.findall(r"(?:src|href)=\"([^\"]+)\"", page)
    assert asked
    for path in asked:
        assert path.startswith("/")
        assert client.get(path).status_code == 200


def test_vendored_files_are_as_published() -> None:
    folder = ASSETS / "swagger-ui"
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        expected, name = line.split()
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected


def test_each_problem_type_leads_to_a_page(client: TestClient) -> None:
    for problem in all_problems():
        assert problem.title in client.get(f"/problems/{problem.slug}").text
    assert client.get("/problems/nope").status_code == 404
