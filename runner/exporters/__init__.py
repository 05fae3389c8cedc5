"""Output formats: results → files. To add one: a file, a line here, the schema, a test."""

from __future__ import annotations

from typing import Protocol

from runner.exporters.csv import Csv
from runner.exporters.json import Json
from runner.exporters.jsonl import Jsonl
from runner.exporters.masks import Masks
from runner.exporters.overlay import Overlay
from runner.exporters.text import Text
from runner.registry import Registry
from runner.roles import Exporter
from runner.values.reference import Reference


class Format(Protocol):
    """What makes an exporter: what to save comes first."""

    def __call__(self, save: Reference) -> Exporter:
        """The exporter of this part of a step's results."""
        ...


EXPORTERS: Registry[Format] = Registry(
    "output format",
    {
        "csv": Csv,
        "json": Json,
        "jsonl": Jsonl,
        "text": Text,
        "overlay": Overlay,
        "masks": Masks,
    },
    group="askpix.exporters",
)
