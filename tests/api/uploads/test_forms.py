"""Forms as apps, browsers and attackers send them."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.settings import ApiSettings
from api.uploads import spool

FORM = "multipart/form-data; boundary=x"


def part(disposition: str | bytes, content: bytes, *headers: str) -> bytes:
    if isinstance(disposition, str):
        disposition = disposition.encode()
    head = [b"Content-Disposition: form-data; " + disposition, *(line.encode() for line in headers)]
    return b"--x\r\n" + b"\r\n".join(head) + b"\r\n\r\n" + content + b"\r\n"


def post(
    client: TestClient,
    *parts: bytes,
    kind: str = FORM,
    path: str = "/v1/jobs",
    end: bytes = b"--x--",
) -> Any:
    body = b"".join(parts) + end
    return client.post(path, content=body, headers={"Content-Type": kind})


@pytest.mark.parametrize(
    "disposition",
    [
        'name="image"',
        'name="image"; filename=""',
        "name=image; filename*=UTF-8''bl%C3%A4tter.jpg",
        'name="image"; filename="a.jpg"; filename*=iso-8859-1\'\'b.jpg',
    ],
)
def test_a_photo_is_taken_with_any_file_name_or_none(
    client: TestClient, leaf_jpeg: bytes, disposition: str
) -> None:
    assert post(client, part(disposition, leaf_jpeg)).status_code == 202


def test_a_photo_without_a_file_name_may_be_large(
    client: TestClient, settings: ApiSettings
) -> None:
    answer = post(client, part("name=image", b"\xff" * (settings.max_bytes + 1)))
    assert answer.status_code == 413
    assert "the limit is 200,000" in answer.json()["detail"]


def test_every_part_of_a_batch_counts_and_keeps_its_place(
    client: TestClient, leaf_jpeg: bytes
) -> None:
    answer = post(
        client,
        part('name="images"; filename="one.jpg"', leaf_jpeg),
        part('name="images"', leaf_jpeg, "Content-Type: image/jpeg"),
        part("name=images; filename*=UTF-8''bl%C3%A4tter.jpg", leaf_jpeg),
        part(b'name=images; filename="\xed\xa0\x80.jpg"', leaf_jpeg),
        path="/v1/batches",
    )
    assert answer.status_code == 202
    names = [item["name"] for item in answer.json()["items"]]
    assert names == ["one.jpg", None, "blätter.jpg", "���.jpg"]


def test_text_may_stand_before_and_after_the_parts(client: TestClient, leaf_jpeg: bytes) -> None:
    before, photo = b"This is a form.\r\n--not\r\n", part("name=image", leaf_jpeg)
    assert post(client, before, photo, end=b"--x--\r\nThat was it.").status_code == 202
    lost = post(client, b"a" * 20_000 + b"\r\n", photo)
    assert lost.status_code == 400
    assert "no boundary" in lost.json()["detail"]


def test_a_second_photo_names_its_field_and_the_way_for_several(
    client: TestClient, leaf_jpeg: bytes
) -> None:
    photo = part('name="image"; filename="a.jpg"', leaf_jpeg)
    answer = post(client, photo, photo)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "image"
    assert "/v1/batches" in answer.json()["detail"]


def test_a_file_in_another_field_is_never_lost(client: TestClient, leaf_jpeg: bytes) -> None:
    other = part('name="picture"; filename="a.jpg"', leaf_jpeg)
    answer = post(client, part("name=image", leaf_jpeg), other)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "picture"


@pytest.mark.parametrize("end", [b"", b"--x", b"--x\r\nContent-Dis"])
def test_a_form_that_breaks_off_says_so(client: TestClient, leaf_jpeg: bytes, end: bytes) -> None:
    answer = post(client, part("name=image", leaf_jpeg), end=end)
    assert answer.status_code == 400
    assert "breaks off" in answer.json()["detail"]


@pytest.mark.parametrize("charset", ["punycode", "undefined", "utf-7", "idna", "zip", "latin-1"])
@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/batches"])
def test_forms_are_utf8_alone(client: TestClient, charset: str, path: str) -> None:
    """`punycode` takes quadratic time, `undefined` raises an error of its own."""
    name = b"a" * 150_000
    answer = post(client, part(b"name=" + name, b"1"), kind=f"{FORM}; charset={charset}", path=path)
    assert answer.status_code == 422
    assert charset in answer.json()["detail"]
    assert "UTF-8" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("bad", "status", "said"),
    [
        (part("name=" + "a" * 256, b"1"), 422, "at most 255 bytes"),
        (part("name=" + "a" * 150_000, b"1"), 400, "header size"),
        (part("name=alpha", b"1" * 9000), 422, "more than 8,192 bytes"),
        (part("name=client_ref", b"\xe4"), 422, "no UTF-8"),
        (part(b"name=\xe4", b"1"), 422, "no UTF-8"),
        (part("name=alpha", b"0.1") + part("name=alpha", b"0.2"), 422, "given twice"),
        (part("filename=a", b"1"), 400, "no name"),
        (b"".join(part(f"name=a{number}", b"") for number in range(33)), 422, "at most 32"),
        (part("name=alpha", b"1", *["a: b"] * 20), 400, "header count"),
    ],
)
def test_parts_have_bounds(client: TestClient, bad: bytes, status: int, said: str) -> None:
    answer = post(client, bad)
    assert answer.status_code == status
    assert said in answer.json()["detail"]
    assert len(answer.content) < 2000


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=" + "a" * 71]
)
def test_a_form_needs_a_boundary(client: TestClient, kind: str) -> None:
    answer = post(client, kind=kind)
    assert answer.status_code == 400
    assert "boundary of 1 to 70 bytes" in answer.json()["detail"]


@pytest.mark.parametrize("form", [True, False])
def test_a_full_folder_for_temporary_files_is_503(
    client: TestClient, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch, form: bool
) -> None:
    """/dev/full is a disk without room."""
    monkeypatch.setattr(spool, "_IN_MEMORY", 1)
    full = Path("/dev/full")
    monkeypatch.setattr("api.uploads.spool.tempfile.TemporaryFile", lambda **_: full.open("wb", 0))
    content: dict[str, Any] = {"files": {"image": leaf_jpeg}} if form else {"content": leaf_jpeg}
    answer = client.post("/v1/jobs", **content)
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/storage-failed")
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_large_body_lies_on_disk_and_is_whole(
    client: TestClient, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch, settings: ApiSettings
) -> None:
    monkeypatch.setattr(spool, "_IN_MEMORY", 1000)
    job_id = client.post("/v1/jobs", content=leaf_jpeg).json()["id"]
    photo = settings.blob_folder / job_id[:3] / f"{job_id}.original"
    assert photo.read_bytes() == leaf_jpeg
