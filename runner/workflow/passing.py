"""`upload:` — whether the way in which images are to travel is one that these images can take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.workflow.findings import Findings
from runner.workflow.spec import ImageSet


def tell_passing(data: Mapping[str, Any], images: Sequence[ImageSet], findings: Findings) -> None:
    """Tells of images that are to travel by an address and have none, or are fetched here."""
    if data.get("upload") != "uri":
        return
    passes = "`upload: uri` passes web images by their address"
    entries = [entry for each in images for entry in each.entries]
    if data.get("fetch"):
        message = f"{passes}, and `fetch: true` downloads them"
        findings.error(
            "W455", ("upload",), message, "write `upload: auto`, or delete `fetch: true`"
        )
    elif entries and not any(entry.kind == "web" for entry in entries):
        message = f"{passes}; there is none here"
        fix = "to upload files write `upload: files`, else delete the line"
        findings.error("W455", ("upload",), message, fix)
