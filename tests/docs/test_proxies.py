"""The proxies of the how-to guide, as they stand there, before a real server."""

import os
import re
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import trustme

from api.settings import ApiSettings
from api.uploads.read import FORM_OVERHEAD
from tests import programs
from tests.docs.pages import ROOT, blocks
from tests.service.conftest import Service, free_port, until

PAGE = ROOT / "docs/how-to/run-behind-a-proxy.md"
NAME = "leaf.example"
RAW = {"Content-Type": "image/jpeg"}
pytestmark = pytest.mark.service


def nginx(folder: Path, port: int, server: int) -> tuple[list[str], str]:
    """The command and its file: as on the page, but for ports and folders."""
    (block,) = blocks(PAGE, "nginx")
    block = block.replace("listen 443", f"listen 127.0.0.1:{port}").replace("8000", str(server))
    block = block.replace("/etc/ssl", str(folder))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    head = f"{user} events {{}} daemon off; pid {folder}/pid;"
    whole = f"{head} http {{ access_log off; {places} {block} }}"
    return ["nginx-light", "-e", f"{folder}/log", "-c", f"{folder}/proxy.conf"], whole


def caddy(folder: Path, port: int, server: int) -> tuple[list[str], str]:
    """The same; the certificate is not fetched but given."""
    (block,) = blocks(PAGE, "caddy")
    own = f"{NAME}:{port} {{\n    tls {folder}/{NAME}.pem {folder}/{NAME}.key"
    block = block.replace(f"{NAME} {{", own, 1).replace("8000", str(server))
    head = f"{{\n    admin off\n    auto_https off\n    storage file_system {folder}\n}}\n"
    config = f"{folder}/proxy.conf"
    return ["caddy", "run", "--adapter", "caddyfile", "--config", config], head + block


@pytest.fixture(scope="module")
def server(redis_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """With the hosts of the page; without keys, which have tests of their own, and workers."""
    service = Service(tmp_path_factory.mktemp("proxied") / "var", redis_server)
    (hosts,) = re.findall(r"CROPSHIELD_ALLOWED_HOSTS='(.+)'", PAGE.read_text())
    service.environment |= {"CROPSHIELD_ALLOWED_HOSTS": hosts}
    service.start_api()
    yield service
    service.close()


@pytest.fixture(scope="module", params=[nginx, caddy], ids=["nginx", "caddy"])
def client(
    request: pytest.FixtureRequest, server: Service, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx2.Client]:
    """Asks the proxy by its name."""
    folder, port = tmp_path_factory.mktemp("proxy"), free_port()
    (package, *arguments), config = request.param(folder, port, server.port)
    found = programs.find(package)
    if found is None:
        pytest.skip(f"there is no {package}; tests.programs installs it")
    (folder / "proxy.conf").write_text(config)
    trusted = _certified(folder)
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen([found, *arguments], stdout=log, stderr=log)
    try:
        with httpx2.Client(
            base_url=f"https://127.0.0.1:{port}",
            headers={"Host": f"{NAME}:{port}"},
            event_hooks={"request": [_by_name]},
            verify=trusted,
            timeout=60,
            trust_env=False,
        ) as client:
            until(lambda: _is_up(client), f"{package} answers, see {folder}/log")
            yield client
    finally:
        process.terminate()
        process.wait(60)


def _certified(folder: Path) -> ssl.SSLContext:
    """A certificate for the proxy; what trusts it."""
    authority, trusted = trustme.CA(), ssl.create_default_context()
    own = authority.issue_cert(NAME)
    own.private_key_pem.write_to_path(str(folder / f"{NAME}.key"))
    (folder / f"{NAME}.pem").write_bytes(b"".join(pem.bytes() for pem in own.cert_chain_pems))
    authority.configure_trust(trusted)
    return trusted


def _by_name(request: httpx2.Request) -> None:
    request.extensions["sni_hostname"] = NAME


def _is_up(client: httpx2.Client) -> bool:
    try:
        return client.get("/livez").status_code == 200
    except httpx2.TransportError:
        return False


def _origin(client: httpx2.Client) -> str:
    return f"https://{client.headers['Host']}"


def test_a_large_photo_of_the_proxys_own_page_is_taken(
    client: httpx2.Client, leaf_jpeg: bytes
) -> None:
    photo = leaf_jpeg + bytes(19_000_000)
    headers = RAW | {"Origin": _origin(client), "Prefer": "wait=1"}
    answer = client.post("/v1/jobs", content=photo, headers=headers)
    assert answer.status_code == 202
    assert answer.headers["Preference-Applied"] == "wait=1"


def test_another_sites_page_is_still_refused(client: httpx2.Client) -> None:
    headers = RAW | {"Origin": "https://evil.example"}
    assert client.post("/v1/jobs", content=b"x", headers=headers).status_code == 403


def test_too_large_a_photo_gets_its_problem_from_the_server(client: httpx2.Client) -> None:
    answer = client.post("/v1/jobs", content=bytes(21_000_000), headers=RAW)
    assert answer.status_code == 413
    assert answer.json()["type"] == "/problems/photo-too-large"


def test_events_come_while_the_stream_goes_on(client: httpx2.Client, leaf_jpeg: bytes) -> None:
    """Nothing works here, so that the stream does not end."""
    job = client.post("/v1/jobs", content=leaf_jpeg, headers=RAW).json()
    with client.stream("GET", job["links"]["events"]) as answer:
        lines = answer.iter_lines()
        assert "event: job" in [next(lines), next(lines)]


def test_the_limits_of_the_page_are_wide_enough() -> None:
    settings, page = ApiSettings(), PAGE.read_text()
    (megabytes,) = re.findall(r"client_max_body_size (\d+)m;", page)
    assert f"max_size {megabytes}MB" in page
    assert int(megabytes) * 1_000_000 >= settings.max_batch_bytes + FORM_OVERHEAD
    longest = max(settings.max_wait_seconds, settings.heartbeat_seconds)
    timeouts = [int(seconds) for seconds in re.findall(r"proxy_\w+_timeout (\d+)s;", page)]
    assert len(timeouts) == 2
    assert min(timeouts) > 2 * longest
