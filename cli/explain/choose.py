"""From the options on the command line to `ExplainOptions` and a source."""

from cli.errors import USAGE, CommandError
from cli.explain.source import ExplainOptions, Source
from cli.settings import read
from engine.cam.request_checks import check_method
from engine.errors import UnknownMethod
from pictures.rendering.colormaps import UnknownColormap
from workers.settings import WorkerSettings


def choose_options(
    model: str, top_k: int, method: str, colormap: str, alpha: float
) -> ExplainOptions:
    """Raises CommandError for an unknown method or colormap."""
    try:
        check_method(method)
        return ExplainOptions(model, top_k, method, colormap, alpha)
    except (UnknownMethod, UnknownColormap) as error:
        raise CommandError(str(error), USAGE) from error


def choose_source(options: ExplainOptions, device: str, server: str, api_key: str) -> Source:
    """A server, or a model of this machine. Raises CommandError where it does not exist."""
    if server:
        return _server(options, server, api_key)
    from cli.explain.local_source import LocalSource

    return LocalSource(options, read(WorkerSettings), device)


def _server(options: ExplainOptions, address: str, api_key: str) -> Source:
    try:
        from cli.explain.server_source import ServerSource
    except ImportError as error:
        raise CommandError(f"--server needs the client: pip install ./client ({error})") from error
    return ServerSource(options, address, api_key or None)
