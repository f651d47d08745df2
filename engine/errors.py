"""What can be wrong with a request to the engine.

EngineError
├── OutOfMemory     a batch that the GPU has no memory for
├── TorchMissing    what runs in torch alone, where it is not installed
├── WrongClass      no such class index
├── WrongInput      a tensor or picture of the wrong shape or type
├── WrongLayer      the target layer gives no map: no spatial sides, not reached, no influence
├── WrongModel      a weight file that is not there, or has no card
└── UnknownMethod   no explanation method of this name
"""

from collections.abc import Iterable

from models.torch_extra import missing_torch


class EngineError(ValueError):
    """A request that the engine cannot serve; the message names what was given and the limit."""


class OutOfMemory(EngineError):
    """The message is torch's."""


class TorchMissing(EngineError):
    """`what` needs torch; `error`: how its import failed."""

    def __init__(self, what: str, error: ModuleNotFoundError) -> None:
        super().__init__(missing_torch(what, error))


class WrongClass(EngineError):
    def __init__(self, index: object, classes: int) -> None:
        super().__init__(f"class index is {index}; the model has classes 0 to {classes - 1}")


class WrongInput(EngineError):
    def __init__(self, found: str, needed: str) -> None:
        super().__init__(f"input is {found}; needed is {needed}")


class WrongLayer(EngineError):
    """The message says which layer and what it gave."""


class WrongModel(EngineError):
    """The message says which file and what is missing."""


class UnknownMethod(EngineError):
    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"unknown method {name!r}; known are {', '.join(known)}")
