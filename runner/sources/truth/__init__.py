"""Where the truth comes from: one source for each way to write it down, verb `open`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runner.sources.truth.boxes import Boxes
from runner.sources.truth.coco import Coco
from runner.sources.truth.label_studio import LabelStudio
from runner.sources.truth.masks import MaskFiles
from runner.sources.truth.results import Results
from runner.sources.truth.told import TruthSource
from runner.sources.truth.yolo import Yolo

TRUTHS: Mapping[str, Callable[..., TruthSource]] = {
    "boxes": Boxes,
    "coco": Coco,
    "labelstudio": LabelStudio,
    "yolo": Yolo,
    "masks": MaskFiles,
    "results": Results,
}
"""`truth: {NAME: {format: …}}`; a column of the table needs no source."""
