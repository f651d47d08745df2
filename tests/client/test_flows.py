"""The flows, answered by hand: what is tried again, what is not, and with which key."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from cropshield_client import CropShield, endpoints, flows
from cropshield_client.endpoints import Request
from cropshield_client.errors import (
    BadPhoto,
    InvalidResponse,
    RateLimited,
    TimedOut,
    Unavailable,
    Unreachable,
)
from cropshield_client.flows import Flow, Sleep, Work
from cropshield_client.models import Prediction
from cropshield_client.retry import RetryPolicy

RETRY = RetryPolicy(deadline=60, initial=0.01, maximum=0.02)
JOB = {
    "id": "a",
    "created_at": "2026-11-23T08:00:00Z",
    "expires_at": "2026-11-26T08:00:00Z",
    "member_of_tomorrow": 1,
}
PROBLEM = {"content-type": "application/problem+json"}


def answer(status: int, document: dict[str, Any], **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    kind = PROBLEM if status >= 400 else {}
    return httpx2.Response(status, json=document, headers={**named, **kind})


def problem(status: int, slug: str, *, retryable: bool, **headers: str) -> httpx2.Response:
    document = {"type": f"/problems/{slug}", "status": status, "retryable": retryable}
    return answer(status, document, **headers)


def run(
    flow: Flow[Any], *answers: httpx2.Response | Exception
) -> tuple[Any, list[Request], list[float]]:
    """What the flow returns, the requests that it made, and how long it slept between them."""
    left, sent, slept = list(answers), [], []
    given: httpx2.Response | Exception | None = None
    try:
        while True:
            step = flow.throw(given) if isinstance(given, Exception) else flow.send(given)
            if isinstance(step, Sleep):
                slept.append(step.seconds)
                given = None
            else:
                assert not isinstance(step, Work)
                sent.append(step)
                given = left.pop(0)
    except StopIteration as end:
        return end.value, sent, slept


def submit() -> Flow[Any]:
    return flows.job(endpoints.submit(b"photo", {"top_k": 2, "model": None}), RETRY)


def test_what_is_tried_again_has_the_same_key_and_another_call_has_not() -> None:
    busy = problem(503, "queue-full", retryable=True)
    dropped = httpx2.ReadError("gone")
    job, sent, _ = run(submit(), dropped, busy, answer(202, JOB | {"state": "queued"}))
    keys = {call.headers["Idempotency-Key"] for call in sent}
    assert job.state == "queued"
    assert len(sent) == 3
    assert len(keys) == 1
    _, (other,), _ = run(submit(), answer(202, JOB | {"state": "queued"}))
    assert other.headers["Idempotency-Key"] not in keys


def test_options_that_are_not_given_are_not_sent() -> None:
    _, (call,), _ = run(submit(), answer(202, JOB | {"state": "queued"}))
    assert call.params == {"top_k": 2}


def test_an_id_of_ones_own_is_put_and_needs_no_key() -> None:
    call = endpoints.submit(b"photo", {}, job_id="7")
    assert (call.method, call.path) == ("PUT", "/v1/jobs/7")
    assert "Idempotency-Key" not in call.headers


SCAB = {"class_name": "Apple__scab", "symptoms": "Olive spots.", "member_of_tomorrow": 1}


def test_a_class_is_described_by_the_link_of_a_prediction() -> None:
    link = "/v1/classes/Apple__scab?model=resnet18"
    prediction = Prediction(3, "Apple__scab", 0.9, links={"description": link})
    found, (call,), _ = run(flows.describe(prediction, None, RETRY), answer(200, SCAB))
    assert found.symptoms == "Olive spots."
    assert (call.path, call.params) == ("/v1/classes/Apple__scab", {"model": "resnet18"})


def test_a_class_is_described_by_its_name_whatever_its_letters() -> None:
    _, (call,), _ = run(flows.describe("Tea/Thé", "tea", RETRY), answer(200, SCAB))
    assert (call.path, call.params) == ("/v1/classes/Tea%2FTh%C3%A9", {"model": "tea"})


def test_what_is_not_described_is_none() -> None:
    unlinked = Prediction(3, "Apple__scab", 0.9, links={"description": None})
    assert run(flows.describe(unlinked, None, RETRY)) == (None, [], [])
    missing = problem(404, "not-found", retryable=False)
    assert run(flows.describe("Apple__skab", None, RETRY), missing)[0] is None


def test_the_classes_of_a_model_come_in_its_order() -> None:
    listed = httpx2.Response(200, json=[SCAB, {"class_name": "Apple__healthy"}])
    found, (call,), _ = run(flows.classes(None, RETRY), listed)
    assert [one.class_name for one in found] == ["Apple__scab", "Apple__healthy"]
    assert (call.path, call.params) == ("/v1/classes", {})
    with pytest.raises(InvalidResponse):
        run(flows.classes(None, RETRY), httpx2.Response(200, json=["text"]))


def test_retry_after_is_obeyed() -> None:
    busy = problem(429, "rate-exceeded", retryable=True, retry_after="7")
    _, _, slept = run(submit(), busy, answer(200, JOB | {"state": "queued"}))
    assert slept == [7.0]


def test_the_same_request_under_way_is_waited_for() -> None:
    twin = problem(409, "being-received", retryable=True, retry_after="1")
    job, _, slept = run(submit(), twin, answer(200, JOB | {"state": "queued"}))
    assert slept == [1.0]
    assert job.id == "a"


def test_a_bad_photo_is_not_sent_again() -> None:
    with pytest.raises(BadPhoto) as raised:
        run(submit(), problem(413, "photo-too-large", retryable=False))
    assert raised.value.slug == "photo-too-large"


def test_a_wait_beyond_the_deadline_is_told_at_once() -> None:
    tomorrow = problem(429, "quota-used-up", retryable=True, retry_after="40000")
    with pytest.raises(RateLimited) as raised:
        run(submit(), tomorrow)
    assert raised.value.retry_after == 40000


def test_a_proxy_without_words_is_unavailable_and_tried_again() -> None:
    bare = httpx2.Response(502, text="<html>Bad Gateway</html>")
    _, sent, _ = run(submit(), bare, answer(200, JOB | {"state": "queued"}))
    assert len(sent) == 2
    no_retry = flows.job(endpoints.get("/v1/jobs/a"), RetryPolicy(deadline=0))
    with pytest.raises(Unavailable):
        run(no_retry, bare)


def test_no_answer_at_all_ends_as_unreachable() -> None:
    no_retry = flows.job(endpoints.get("/v1/jobs/a"), RetryPolicy(deadline=0))
    with pytest.raises(Unreachable, match="no answer in 1 attempts"):
        run(no_retry, httpx2.ConnectError("refused"))


@pytest.mark.parametrize(
    "address", [httpx2.UnsupportedProtocol("no http://"), httpx2.InvalidURL("no port")]
)
def test_an_address_that_is_none_is_not_tried_again(address: Exception) -> None:
    with pytest.raises(Unreachable, match=r"no (http://|port)"):
        run(submit(), address)


def test_a_body_that_cannot_be_read_is_asked_for_again() -> None:
    broken = httpx2.DecodingError("not gzip")
    _, sent, _ = run(submit(), broken, answer(200, JOB | {"state": "queued"}))
    assert len(sent) == 2


PORTAL = httpx2.Response(200, html="<h1>Welcome to the hotel's network</h1>")
OTHERS = [PORTAL, answer(200, {"id": 1}), httpx2.Response(200, text="ok"), httpx2.Response(200)]


@pytest.mark.parametrize("other", OTHERS, ids=["page", "json", "text", "nothing"])
@pytest.mark.parametrize(
    "flow",
    [
        submit,
        lambda: flows.batch(endpoints.submit_batch([], {}), RETRY),
        lambda: flows.job_page(endpoints.get("/v1/jobs"), RETRY),
        lambda: flows.wait("a", 60, RETRY),
        lambda: flows.models(RETRY),
    ],
    ids=["submit", "batch", "jobs", "wait", "models"],
)
def test_what_is_not_cropshield_is_told_so(
    flow: Callable[[], Flow[Any]], other: httpx2.Response
) -> None:
    with pytest.raises(InvalidResponse, match=r"(GET|POST) /v1/\S+: not an answer of CropShield"):
        run(flow(), other)


def test_a_login_page_is_not_taken_for_a_picture() -> None:
    done = answer(200, JOB | {"state": "succeeded"})
    with pytest.raises(InvalidResponse, match="text/html"):
        run(flows.explain(endpoints.submit(b"photo", {}), 60, RETRY), done, PORTAL)


def test_waiting_asks_again_with_pauses_when_polls_are_cut_short() -> None:
    queued, done = answer(200, JOB | {"state": "queued"}), answer(200, JOB | {"state": "failed"})
    job, sent, slept = run(flows.wait("a", 60, RETRY), queued, queued, done)
    assert job.state == "failed"
    assert sent[0].headers["Prefer"] == "wait=25"
    assert len(slept) == 2
    assert min(slept) > 0


def test_waiting_ends_when_its_time_is_up() -> None:
    with pytest.raises(TimedOut) as raised:
        run(flows.wait("a", 0, RETRY), answer(200, JOB | {"state": "running"}))
    assert raised.value.job_id == "a"


def test_cancelling_erases_nothing() -> None:
    job, sent, _ = run(flows.cancel("a", RETRY), answer(200, JOB | {"state": "succeeded"}))
    assert [call.method for call in sent] == ["GET"]
    assert job.succeeded


def test_jitter_is_full_and_grows() -> None:
    retry = RetryPolicy(initial=1, maximum=8)
    for attempt, limit in ((1, 1), (4, 8), (9, 8)):
        delays = [retry.delay(attempt) for _ in range(300)]
        assert 0 <= min(delays) < limit / 4
        assert limit * 3 / 4 < max(delays) <= limit


@pytest.mark.parametrize("text", ["fran\xe7ais", "de\r\nX-API-Key: another"])
def test_what_no_header_can_have_in_it_is_refused_at_once(text: str) -> None:
    with pytest.raises(ValueError, match="language="):
        CropShield(language=text)
    with pytest.raises(ValueError, match="api_key") as refused:
        CropShield(api_key=text)
    assert text not in str(refused.value)
