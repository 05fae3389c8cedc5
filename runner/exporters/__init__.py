"""Output formats: results → files. To add one: a file, a line here, the schema, a test."""

from __future__ import annotations

from collections.abc import Callable

from runner.exporters.class_masks import ColouredMasks, IndexedMasks
from runner.exporters.coco import Coco
from runner.exporters.crops import Crops
from runner.exporters.csv import Csv
from runner.exporters.cvat import Cvat
from runner.exporters.geojson import GeoJson
from runner.exporters.json import Json
from runner.exporters.jsonl import Jsonl
from runner.exporters.label_studio import LabelStudio
from runner.exporters.labelme import Labelme
from runner.exporters.masks import Masks
from runner.exporters.overlay import Overlay
from runner.exporters.parquet import Parquet
from runner.exporters.text import Text
from runner.exporters.voc import Voc
from runner.exporters.yolo import Yolo
from runner.registry import Registry
from runner.roles import Exporter

Format = Callable[..., Exporter]
"""What makes an exporter: what to save comes first, then the options of the format by name."""

EXPORTERS: Registry[Format] = Registry(
    "output format",
    {
        "csv": Csv,
        "json": Json,
        "jsonl": Jsonl,
        "parquet": Parquet,
        "text": Text,
        "coco": Coco,
        "yolo": Yolo,
        "voc": Voc,
        "labelme": Labelme,
        "cvat": Cvat,
        "labelstudio": LabelStudio,
        "geojson": GeoJson,
        "overlay": Overlay,
        "masks": Masks,
        "masks_indexed": IndexedMasks,
        "masks_coloured": ColouredMasks,
        "crops": Crops,
    },
    group="askpix.exporters",
)
