"""models/labels.py: what the name of a class says."""

from models.labels import is_healthy


def test_healthy_classes_are_known_by_their_name() -> None:
    assert is_healthy("Apple__healthy")
    assert not is_healthy("Apple__scab")
    assert not is_healthy("unhealthy")
