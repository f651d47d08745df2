"""Temporary changes to a caller's model: hooks on outputs, and evaluation mode.

Several threads may explain with one model at once. Each sees only its own outputs of a layer, and a
model in training mode returns to it when the last thread is done.
"""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from torch import nn

Undo = Callable[[], None]
OutputHook = Callable[[Any], Any]

_lock = threading.Lock()
_held: dict[tuple[nn.Module, Callable[[nn.Module], Undo]], tuple[int, Undo]] = {}


class _ThreadHooks(threading.local):
    """The hooks of this thread, by layer."""

    def __init__(self) -> None:
        self.hooks: dict[nn.Module, OutputHook] = {}


_thread_hooks = _ThreadHooks()


@contextmanager
def replace_output(layer: nn.Module, hook: OutputHook) -> Generator[None]:
    """In this thread, each output of `layer` becomes `hook(output)`."""
    outer = _thread_hooks.hooks.get(layer)
    _thread_hooks.hooks[layer] = hook
    try:
        with _shared(layer, _install):
            yield
    finally:
        del _thread_hooks.hooks[layer]
        if outer is not None:
            _thread_hooks.hooks[layer] = outer


@contextmanager
def eval_mode(model: nn.Module) -> Generator[None]:
    """Evaluation mode; every module gets its own flag back when the last thread leaves."""
    with _shared(model, _set_eval_mode):
        yield


@contextmanager
def _shared(module: nn.Module, do: Callable[[nn.Module], Undo]) -> Generator[None]:
    """Call `do` when the first thread enters, and what it returns when the last one leaves."""
    key = module, do
    with _lock:
        users, undo = _held.get(key) or (0, do(module))
        _held[key] = users + 1, undo
    try:
        yield
    finally:
        with _lock:
            users, undo = _held.pop(key)
            if users > 1:
                _held[key] = users - 1, undo
            else:
                undo()


def _install(layer: nn.Module) -> Undo:
    def pass_on(module: nn.Module, _inputs: object, output: Any) -> Any:
        hook = _thread_hooks.hooks.get(module)
        return output if hook is None else hook(output)

    return layer.register_forward_hook(pass_on).remove


def _set_eval_mode(model: nn.Module) -> Undo:
    training = [module for module in model.modules() if module.training]
    for module in training:
        module.training = False

    def undo() -> None:
        for module in training:
            module.training = True

    return undo
