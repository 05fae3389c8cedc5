"""The files of the page: nothing of it comes from anywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class File:
    """A file that is shipped, and its type."""

    name: str
    mime: str

    def content(self) -> bytes:
        """Its bytes."""
        return files(__package__).joinpath(self.name).read_bytes()


FILES: Mapping[str, File] = {
    "": File("review.html", "text/html; charset=utf-8"),
    "review.css": File("review.css", "text/css; charset=utf-8"),
    "review.js": File("review.js", "text/javascript; charset=utf-8"),
    "stage.js": File("stage.js", "text/javascript; charset=utf-8"),
    "form.js": File("form.js", "text/javascript; charset=utf-8"),
}
"""By the path behind the token."""
