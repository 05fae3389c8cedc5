"""Words of results, tables and references, which are no keys of the format, for `askpix explain`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).resolve().parent / "terms.yaml"


@dataclass(frozen=True, slots=True)
class Term:
    """One word: what sort of word it is, what it means, how it is used. An example may be empty."""

    name: str
    kind: str
    about: str
    example: str = ""


@cache
def terms() -> Mapping[str, Term]:
    """Every term by its name and by its other names."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # builds without libyaml exist
    found: dict[str, Term] = {}
    for name, texts in yaml.load(DATA.read_bytes(), Loader=loader).items():
        also = texts.pop("also", ())
        found |= dict.fromkeys((name, *also), Term(name, **texts))
    return found
