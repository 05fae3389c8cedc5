"""The pages of `askpix explain W101`: what a message means, with a bad and a good example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).resolve().parent / "codes.yaml"


@dataclass(frozen=True, slots=True)
class Page:
    """One code: what is wrong, why it matters, and how it is done right. Examples may be empty."""

    code: str
    title: str
    why: str
    bad: str = ""
    good: str = ""


@cache
def pages() -> Mapping[str, Page]:
    """Every page by its code."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # builds without libyaml exist
    written = yaml.load(DATA.read_bytes(), Loader=loader)
    return {code: Page(code, **texts) for code, texts in written.items()}
