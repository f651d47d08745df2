"""Checks of what is requested: a class of the model, a method by its name."""

from engine.cam.closed_form import CLOSED_FORMS
from engine.errors import UnknownMethod, WrongClass


def check_class(index: int, classes: int) -> int:
    """Raises WrongClass unless `index` is one of `classes` classes."""
    if isinstance(index, bool) or not hasattr(index, "__index__") or not 0 <= index < classes:
        raise WrongClass(index, classes)
    return int(index)


def check_method(name: str) -> str:
    """Raises UnknownMethod unless there is a method of that name."""
    if name not in CLOSED_FORMS:
        raise UnknownMethod(name, CLOSED_FORMS)
    return name
