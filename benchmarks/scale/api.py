"""An API process that shares a socket and may store nothing.

    python -m benchmarks.scale.api DESCRIPTOR FOLDER

FOLDER: of the blobs; empty for a store that keeps nothing. All else is the real API. Prints a line
when it is about to serve.
"""

import sys
from unittest.mock import patch

from api.app import create_app
from api.server.serve import serve
from api.settings import ApiSettings
from benchmarks.scale.blobs import open_store


def main() -> None:
    descriptor, folder = sys.argv[1:]
    settings = ApiSettings()
    with patch("api.process.open_blobs", lambda _: open_store(folder)):
        app = create_app(settings)
    print("ready", flush=True)
    serve(app, settings, "127.0.0.1", 0, int(descriptor))


if __name__ == "__main__":
    main()
