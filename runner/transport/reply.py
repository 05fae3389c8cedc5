"""What one HTTP attempt brought back, whole: status, headers, decoded body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole HTTP response. Header names are in lower case; the body is decompressed."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0

    @property
    def content_type(self) -> str:
        """As the service wrote it; empty when it wrote none."""
        return self.headers.get("content-type", "")

    def __repr__(self) -> str:
        return f"Reply({self.status}, {self.content_type!r}, {len(self.body)} bytes)"
