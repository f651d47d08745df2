"""models/cards/class_names.py: what the name of a class says."""

from models.cards.class_names import class_title, crop_and_disease, is_healthy


def test_healthy_classes_are_known_by_their_name() -> None:
    assert is_healthy("Apple__healthy")
    assert not is_healthy("Apple__scab")
    assert not is_healthy("unhealthy")


def test_a_class_is_a_crop_and_a_disease() -> None:
    assert crop_and_disease("Bell_Pepper__black_rot") == ("Bell_Pepper", "black rot")
    assert crop_and_disease("nettle") == ("nettle", None)


def test_a_class_is_read_without_underscores() -> None:
    assert class_title("Bell_Pepper__black_rot") == "Bell Pepper: black rot"
    assert class_title("stinging_nettle") == "stinging nettle"
