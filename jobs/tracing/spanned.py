"""What has a span around some of its calls, and is otherwise what it was."""

from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, cast

from jobs.ports import BlobStore

if TYPE_CHECKING:
    from jobs.tracing.tracer import Tracer


class Spanned:
    """`target`, with spans around methods, by method and name of the span.

    Only while a trace is under way: what runs for itself, such as the sweeper, begins none.
    """

    def __init__(self, target: Any, tracer: "Tracer", /, **names: str) -> None:
        self._target, self._tracer = target, tracer
        for method, name in names.items():
            setattr(self, method, self._spanned(getattr(target, method), name))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def _spanned(self, call: Callable[..., Any], name: str) -> Callable[..., Any]:
        tracer = self._tracer

        @wraps(call)
        def spanned(*args: Any, **kwargs: Any) -> Any:
            if not tracer.is_under_way():
                return call(*args, **kwargs)
            with tracer.child(name):
                return call(*args, **kwargs)

        @wraps(call)
        async def spanned_async(*args: Any, **kwargs: Any) -> Any:
            if not tracer.is_under_way():
                return await call(*args, **kwargs)
            with tracer.child(name):
                return await call(*args, **kwargs)

        return spanned_async if iscoroutinefunction(call) else spanned


def spanned_blobs(blobs: BlobStore, tracer: "Tracer") -> BlobStore:
    """The store, with spans `store` and `fetch`."""
    return cast(BlobStore, Spanned(blobs, tracer, put="store", put_all="store", get="fetch"))
