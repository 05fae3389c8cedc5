"""Metrics: one number over a run. To add one: a class, a line here, the schema, a test."""

from __future__ import annotations

from runner.checks.metrics.answers import (
    CostUsd,
    ErrorRate,
    Seconds95,
    Stability,
    Tokens,
    ValidAnswerRate,
)
from runner.checks.metrics.findings import (
    F1,
    BoundaryF,
    MeanAveragePrecision,
    MeanIou,
    PointHit,
    Precision,
    Recall,
)
from runner.checks.metrics.metric import Metric
from runner.checks.metrics.texts import CharacterErrorRate, WordErrorRate
from runner.checks.metrics.values import (
    Accuracy,
    CountError,
    ExactMatch,
    MacroF1,
    Mean,
    MeanAbsoluteError,
    Total,
)
from runner.registry import Registry

METRICS: Registry[type[Metric]] = Registry(
    "metric",
    {
        "precision": Precision,
        "recall": Recall,
        "f1": F1,
        "mean_iou": MeanIou,
        "mAP": MeanAveragePrecision,
        "boundary_f": BoundaryF,
        "point_hit": PointHit,
        "count_error": CountError,
        "mean_absolute_error": MeanAbsoluteError,
        "accuracy": Accuracy,
        "macro_f1": MacroF1,
        "exact_match": ExactMatch,
        "cer": CharacterErrorRate,
        "wer": WordErrorRate,
        "mean": Mean,
        "total": Total,
        "error_rate": ErrorRate,
        "valid_answer_rate": ValidAnswerRate,
        "stability": Stability,
        "cost_usd": CostUsd,
        "tokens": Tokens,
        "seconds_p95": Seconds95,
    },
    group="askpix.metrics",
)
