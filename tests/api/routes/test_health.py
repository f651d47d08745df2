"""Is it ready?"""

from starlette.testclient import TestClient


def test_readiness_counts_workers(client: TestClient) -> None:
    assert client.get("/readyz").json() == {"ready": True, "workers": 0}
