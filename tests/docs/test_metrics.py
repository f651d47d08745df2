"""The page of metrics names exactly what `/metrics` has."""

from jobs.metrics import METRICS, QUEUE_NAMES, STAGES, Metric
from tests.docs.pages import rows

PAGE = "docs/reference/metrics.md"


def _row(metric: Metric) -> list[str]:
    return [metric.kind, ", ".join(f"`{label}`" for label in metric.labels), metric.help]


def test_every_metric_is_named_with_its_kind_labels_and_meaning() -> None:
    documented = {name: row for name, row in rows(PAGE).items() if name.startswith("cropshield_")}
    assert documented == {metric.full_name: _row(metric) for metric in METRICS.values()}


def test_every_value_of_a_label_is_named() -> None:
    labels = rows(PAGE, "Labels")
    for metric in METRICS.values():
        for value in metric.known:
            assert f"`{value}`" in labels[metric.labels[0]][0], (metric.name, value)
    for name, values in (("queue", QUEUE_NAMES), ("stage", STAGES)):
        for value in values:
            assert f"`{value}`" in labels[name][0], value
