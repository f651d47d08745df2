"""The OpenAPI document: FastAPI's, made fit for readers and for generators of clients.

`operations` lists the problems of each operation, `problem_examples` shows one of each, and
`examples.json` holds responses of a real server.
"""

from api.openapi.document import DescribedApp

__all__ = ["DescribedApp"]
