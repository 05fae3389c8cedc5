"""Where images come from: one plug-in for each way to name them, verb `find`."""

from __future__ import annotations

from collections.abc import Callable

from runner.registry import Registry
from runner.sources.candidate import Listed
from runner.sources.file import File
from runner.sources.folder import Folder
from runner.sources.inline import Inline
from runner.sources.pattern import Pattern
from runner.sources.web import Web

SOURCES: Registry[Callable[..., Listed]] = Registry(
    "image source",
    {"file": File, "pattern": Pattern, "folder": Folder, "web": Web, "data": Inline},
)
