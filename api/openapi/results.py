"""What is answered without a schema of its own."""

from typing import Annotated

from pydantic import BaseModel, Field


class RawMap(BaseModel):
    """A map as numbers: `height` rows of `width` values."""

    width: int
    height: int
    rows: list[list[Annotated[float, Field(ge=0, le=1)]]]
