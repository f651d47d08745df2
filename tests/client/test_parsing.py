"""From the server's JSON to dataclasses."""

import json
from dataclasses import fields
from pathlib import Path

import pytest
from pydantic import BaseModel

from api.schemas import batches, classes, jobs
from api.schemas.listing import JobPage
from api.schemas.problems import ErrorView
from cropshield_client import models
from cropshield_client.classes import Cause, ClassDescription, Lookalike, Source
from cropshield_client.models import Box, Job, JobFailed, Region
from cropshield_client.parsing import parse
from jobs.records.job import ImageFacts, ModelFacts, QueuePosition

EXAMPLES = Path(__file__).parents[2] / "api/openapi/examples.json"
SHOWN = json.loads(EXAMPLES.read_text("utf-8"))["get_job"]["200"]


ANSWERS: dict[type[BaseModel], type] = {
    jobs.JobView: Job,
    jobs.ResultView: models.Result,
    jobs.PredictionView: models.Prediction,
    jobs.ExplanationView: models.Explanation,
    jobs.HeatmapView: models.Heatmap,
    jobs.BoxView: Box,
    jobs.RegionView: Region,
    jobs.DiagnosticsView: models.Diagnostics,
    ModelFacts: models.ModelFacts,
    ImageFacts: models.ImageFacts,
    QueuePosition: models.QueuePosition,
    ErrorView: models.JobError,
    batches.BatchView: models.Batch,
    batches.ItemView: models.BatchItem,
    JobPage: models.JobPage,
    classes.ClassDescriptionView: ClassDescription,
    classes.CauseView: Cause,
    classes.LookalikeView: Lookalike,
    classes.SourceView: Source,
}


@pytest.mark.parametrize("view", ANSWERS, ids=lambda view: view.__name__)
def test_the_client_has_every_member_of_the_servers_answers(view: type[BaseModel]) -> None:
    assert {it.name for it in fields(ANSWERS[view])} - {"raw"} == set(view.model_fields)


def test_a_real_answer_becomes_a_job() -> None:
    job = parse(Job, SHOWN | {"member_of_tomorrow": {"x": 1}})
    assert job.succeeded
    assert job.created_at.tzinfo is not None
    assert job.best.class_name == SHOWN["result"]["predictions"][0]["class_name"]
    assert job.result is not None
    assert 0 <= job.result.explanations[0].diagnostics.focus <= 1
    assert job.raw["member_of_tomorrow"] == {"x": 1}


def test_a_real_answer_becomes_what_a_class_is() -> None:
    shown = json.loads(EXAMPLES.read_text("utf-8"))["get_class"]["200"]
    found = parse(ClassDescription, shown)
    assert (found.class_name, found.crop, found.disease) == ("Apple__scab", "Apple", "scab")
    assert found.causes == [Cause("fungus", "Venturia inaequalis", [], "VENTIN")]
    assert found.lookalikes[0].class_name == "Apple__black_rot"
    assert found.sources[0].url.startswith("https://")
    assert found.raw == shown


def test_hot_places_and_the_affected_share_are_told() -> None:
    box = {"left": 0.1, "top": 0.2, "right": 0.3, "bottom": 0.4}
    region = {"box": box, "heat_share": 0.5, "area": 0.02}
    explanations = [{"class_index": 3, "regions": [region]}, {"class_index": 4, "regions": None}]
    result = {"predictions": [], "explanations": explanations, "affected_share": 0.12}
    job = parse(Job, SHOWN | {"result": result})
    assert job.result is not None
    assert job.result.affected_share == 0.12
    first, older = job.result.explanations
    assert first.regions == [Region(Box(0.1, 0.2, 0.3, 0.4), 0.5, 0.02)]
    assert older.regions == []


def test_a_job_without_a_result_has_no_best_class() -> None:
    job = parse(Job, SHOWN | {"state": "canceled", "result": None})
    with pytest.raises(JobFailed, match="canceled"):
        _ = job.best
