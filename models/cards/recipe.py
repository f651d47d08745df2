"""The recipe of a card: how its model is trained."""

from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)


def _as_list(values: Any) -> Any:
    """One name, or one number, is a list of one."""
    return (values,) if isinstance(values, (str, int, float)) else values


class CardTable(BaseModel):
    """One table of a card."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth(cls, value: Any, info: ValidationInfo) -> Any:
        """`true` would be taken for the number 1."""
        field = cls.model_fields[info.field_name or ""]
        several = value if isinstance(value, (list, tuple)) else [value]
        if field.annotation is not bool and any(isinstance(one, bool) for one in several):
            raise ValueError("true and false are no numbers")
        return value


class Stage(CardTable):
    """A stretch of training at one resolution.

    `view`: the smallest share of a photo that is shown at once; `mix`: the share of batches whose
    photos have a rectangle of another one; `plain`: the share of photos that keep their light.
    """

    size: Annotated[int, Field(ge=32, multiple_of=8)]
    epochs: Annotated[int, Field(ge=1)]
    batch: Annotated[int, Field(ge=2)] = 64
    view: Annotated[float, Field(gt=0, le=1)] = 0.35
    mix: Annotated[float, Field(ge=0, le=1)] = 0.35
    plain: Annotated[float, Field(ge=0, le=1)] = 0.0


class Lesions(CardTable):
    """How photos are used on which the place of the disease is known.

    `draw`: how many times as often a photo with an outline is sampled; `outlined`: how
    much more evidence beside the lesions costs on such a photo, as a factor.
    """

    draw: Annotated[float, Field(gt=0)] = 1.0
    outlined: Annotated[float, Field(ge=0)] = 1.0


class Training(CardTable):
    """The recipe that `cropshield train` follows.

    `new_layers`: how many times the learning rate is for layers that `start` does not know.
    `balance`: photos of a class of n are drawn with weight n^-balance, one number for all folders
    of photos or one for each; `plain_ground`: what that is multiplied by for healthy leaves before
    white or black. `background`: share of the leaves that are laid on other grounds;
    `photo_grounds`: of those grounds, the share that are photos. `off_leaf`: how much the share of
    the evidence that is not where the disease is counts beside the loss. `patience`: epochs without
    a better macro-F1 after which it stops, 0 for never. `teachers`: ids of cards whose mean opinion
    the student follows too. `start`: id of a card whose weights training begins with, several for
    the mean of theirs, or `published` for those of its library. `frozen`: parts of the network
    that stay as they begin.
    """

    seed: int = 0
    learning_rate: float = 3e-3
    new_layers: Annotated[float, Field(gt=0)] = 1.0
    weight_decay: float = 0.05
    label_smoothing: float = 0.05
    ema_decay: float = 0.998
    balance: Annotated[tuple[float, ...], BeforeValidator(_as_list), Field(min_length=1)] = (1.0,)
    plain_ground: Annotated[float, Field(gt=0, le=1)] = 1.0
    background: Annotated[float, Field(ge=0, le=1)] = 0.4
    photo_grounds: Annotated[float, Field(ge=0, le=1)] = 0.0
    off_leaf: Annotated[float, Field(ge=0)] = 0.0
    negatives: Annotated[int, Field(ge=0)] = 4
    patience: Annotated[int, Field(ge=0)] = 0
    teachers: tuple[str, ...] = ()
    start: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = ()
    frozen: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = ()
    scenes: Annotated[int, Field(ge=1)] = 600
    lesions: Lesions = Lesions()
    stages: tuple[Stage, ...] = ()
