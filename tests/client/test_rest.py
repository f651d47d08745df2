"""Models, errors, webhooks; and that both clients are the same client."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks import Webhook

import cropshield_client
from cropshield_client import WrongSignature, aio, sync, verify_webhook
from cropshield_client.decode import decode
from cropshield_client.errors import ProblemError
from cropshield_client.errors import problem as error_of
from cropshield_client.models import Job, JobFailed
from jobs.problems import Problem, all_problems

SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes, ok").decode()
EXAMPLES = Path(__file__).parents[2] / "api/openapi/examples.json"
SHOWN = json.loads(EXAMPLES.read_text("utf-8"))["get_job"]["200"]


def test_both_clients_have_the_same_words() -> None:
    def plain(module: object) -> str:
        code = Path(str(module.__file__)).read_text("utf-8")  # type: ignore[attr-defined]
        code = code[code.index("    def __init__") :]
        for word in ("async ", "await ", "asyncio.", "time.", "_async", "Async", "to_thread"):
            code = code.replace(word, "")
        for word in ("aenter", "aexit", "aclose", "aread"):
            code = code.replace(word, word[1:])
        return re.sub(r"[\s(),]+", " ", code)

    assert plain(sync) == plain(aio)


def test_a_real_answer_becomes_a_job() -> None:
    job = decode(Job, SHOWN | {"member_of_tomorrow": {"x": 1}})
    assert job.succeeded
    assert job.created_at.tzinfo is not None
    assert job.best.class_name == SHOWN["result"]["predictions"][0]["class_name"]
    assert job.result is not None
    assert 0 <= job.result.explanations[0].diagnostics.focus <= 1
    assert job.raw["member_of_tomorrow"] == {"x": 1}


def test_a_job_without_a_result_has_no_best_class() -> None:
    job = decode(Job, SHOWN | {"state": "canceled", "result": None})
    with pytest.raises(JobFailed, match="canceled"):
        _ = job.best


@pytest.mark.parametrize("problem", all_problems(), ids=lambda problem: problem.slug)
def test_every_problem_has_an_error_of_a_kind(problem: Problem) -> None:
    error = error_of(problem.document("why"))
    assert type(error) is not ProblemError or problem.status in (405, 416)
    assert (error.slug, error.status, error.retryable) == (
        problem.slug,
        problem.status,
        problem.retryable,
    )


def signed(body: bytes, when: datetime) -> dict[str, str]:
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(int(when.timestamp())),
        "Webhook-Signature": "v1,bm9wZQ== " + Webhook(SECRET).sign("msg_1", when, body.decode()),
    }


def test_a_webhook_of_the_server_is_told_from_others() -> None:
    body, now = json.dumps(SHOWN).encode(), datetime.now(UTC)
    assert verify_webhook(signed(body, now), body, ["whsec_b3RoZXI=", SECRET]).id == SHOWN["id"]
    with pytest.raises(WrongSignature, match="no signature"):
        verify_webhook(signed(body, now), body + b" ", SECRET)
    with pytest.raises(WrongSignature, match="old"):
        verify_webhook(signed(body, now - timedelta(hours=1)), body, SECRET)
    with pytest.raises(WrongSignature, match="header"):
        verify_webhook({}, body, SECRET)


def test_the_public_names_are_few_and_sorted() -> None:
    assert sorted(cropshield_client.__all__) == cropshield_client.__all__
    assert all(hasattr(cropshield_client, name) for name in cropshield_client.__all__)
