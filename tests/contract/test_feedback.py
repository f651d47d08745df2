"""The rows on feedback; its corners are in tests/api."""

import csv
import io

import pytest
from starlette.testclient import TestClient

from models.catalog import Catalog


@pytest.mark.parametrize(
    "opinion",
    [
        {"agree": True},
        {"agree": False},
        {"agree": False, "class_name": Catalog()["cropshield_cnn"].class_names[7]},
        {"agree": False, "class_index": 7, "note": "white mould below"},
    ],
)
def test_feedback_is_201_to_agree_correct_the_class_or_note(
    client: TestClient, done: str, opinion: dict[str, object]
) -> None:
    answer = client.post(f"{done}/feedback", json=opinion)
    assert answer.status_code == 201, answer.text
    given = answer.json()
    assert given["agree"] is opinion["agree"]
    assert given["note"] == opinion.get("note", "")
    if len(opinion) > 1:
        assert given["class_name"] == Catalog()["cropshield_cnn"].class_names[7]


def test_feedback_is_exported_as_csv_for_retraining(client: TestClient, done: str) -> None:
    client.post(f"{done}/feedback", json={"agree": True, "note": "sure"})
    table = client.get("/v1/feedback.csv")
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    (row,) = csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"), newline=""))
    assert row["job_id"] in done
    assert (row["agree"], row["note"]) == ("True", "sure")
    assert client.get(row["photo"]).status_code == 200
