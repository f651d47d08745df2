"""What the API says about the classes of a model."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from jobs.records.options import JobOptions
from languages.translator import Translator
from models.cards.class_descriptions import ClassDescription, Kind, in_language
from models.cards.class_names import class_title, crop_and_disease


class ClassParams(BaseModel):
    """Whose classes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Annotated[str, Field(description="Id of a model card.")] = JobOptions().model


class _View(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class CauseView(_View):
    """What makes the plant ill."""

    kind: Kind
    name: str = Field(description="Scientific.")
    other_names: list[str] = Field(description="Other scientific names that are met.")
    eppo_code: str | None = Field(description="Its code in the EPPO Global Database; may be null.")


class LookalikeView(_View):
    """What the class is confused with."""

    name: str
    difference: str = Field(description="How to tell.")
    class_name: str | None = Field(description="Where the model knows it, its class; else null.")


class SourceView(_View):
    """Where the facts can be read."""

    publisher: str
    title: str
    url: str


class ClassDescriptionView(_View):
    """A class in plain words, in the language of the answer. General knowledge, not a diagnosis of
    a photo."""

    class_name: str = Field(description="As the model knows it: `Crop__disease`.")
    title: str = Field(description="The same in words, in the language of the answer.")
    crop: str
    disease: str | None
    common_names: list[str]
    causes: list[CauseView] = Field(description="None for a healthy plant.")
    symptoms: str = Field(description="What to look for on the leaf.")
    expected_heat: str = Field(description="Where a map of this class should be hot.")
    lookalikes: list[LookalikeView]
    next_steps: str = Field(description="What to do next, without products or doses.")
    sources: list[SourceView]

    @classmethod
    def of(cls, class_name: str, description: ClassDescription, translated: Translator) -> Self:
        crop, disease = crop_and_disease(class_name)
        in_words = in_language(description, translated)
        return cls(
            class_name=class_name,
            title=translated.text(class_title(class_name)),
            crop=crop,
            disease=disease,
            **{name: getattr(in_words, name) for name in ClassDescription.model_fields},
        )
