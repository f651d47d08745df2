"""The OpenAPI document: what FastAPI writes, made fit for reading and for generating clients.

`operations` says which problems an operation may answer, `problems` shows one of each, and
`examples.json` holds answers of a real server.
"""

from api.openapi.document import DescribedApp

__all__ = ["DescribedApp"]
