"""Names of files and folders made from names of cases and labels: safe on every system.

A name that a person, a web address or a model chose never leaves its folder, never is a device of
Windows, and never replaces another name's file where capital letters do not count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

from runner.values.result import Result

LONGEST = 200
"""Bytes of a name with its ending; file systems take 255."""

_IMAGE_ENDING = re.compile(r"\.(jpe?g|png|webp|gif|bmp|tiff?|heic|heif|avif|mpo)$", re.IGNORECASE)
_UNSAFE = re.compile(r'[<>:"/\\|?*\s]+')
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])", re.IGNORECASE
)
"""Source: learn.microsoft.com, "Naming Files, Paths, and Namespaces"."""


def safe_name(text: str, ending: str = "") -> str:
    """One name for a file or folder, at most 200 bytes of UTF-8 with its ending, never empty."""
    name = "".join(_visible(letter) for letter in unicodedata.normalize("NFC", text))
    name = _UNSAFE.sub("-", name).strip(" .-") or "unnamed"
    if _DEVICE.fullmatch(name.split(".")[0].rstrip()):
        name = f"_{name}"
    return _cut(name, LONGEST - len(ending.encode())) + ending


def case_stem(case: str) -> str:
    """The part of a case's name that names its files: `greenhouse/bed-1.jpg` → `bed-1`."""
    if "://" in case:
        address = urlsplit(case)
        case = unquote(address.path.rstrip("/").rpartition("/")[2]) or address.netloc
    if _IMAGE_ENDING.search(case):
        case = _IMAGE_ENDING.sub("", re.split(r"[/\\]", case)[-1])
    return safe_name(case)


@dataclass(slots=True)
class Names:
    """Gives every case a name of its own; the same in every combination and repeat.

    Names that are equal, or differ only in capital letters, are numbered in the order in which the
    cases come: `bed-1`, `bed-1-2`.
    """

    by_case: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def path(self, result: Result) -> Path:
        """Where the files of a result go, without an ending: `model=x/repeat-2/bed-1`."""
        folders = []
        if result.combination:
            folders.append(combination_name(result.combination))
        if result.repeat > 1:
            folders.append(f"repeat-{result.repeat}")
        return Path(*folders, self.name(result.case))

    def name(self, case: str) -> str:
        """The name of a case."""
        if case not in self.by_case:
            self.by_case[case] = self._free(case_stem(case))
        return self.by_case[case]

    def _free(self, stem: str) -> str:
        """Room is kept for a number and an ending."""
        stem = _cut(stem, LONGEST - 40)
        name, count = stem, 1
        while _folded(name) in self.taken:
            count += 1
            name = f"{stem}-{count}"
        self.taken.add(_folded(name))
        return name


def combination_name(combination: Mapping[str, object]) -> str:
    """A folder for one combination: `model=gemini-3.5-flash_thinking=low`."""
    return safe_name("_".join(f"{axis}={value}" for axis, value in combination.items()))


def _visible(letter: str) -> str:
    """The letter, a dash for what cannot be seen; bytes that were no UTF-8 in their hex form."""
    if "\udc80" <= letter <= "\udcff":  # how Python keeps a byte of a file name: surrogateescape
        return f"%{ord(letter) - 0xDC00:02X}"
    return "-" if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn") else letter


def _cut(name: str, longest: int) -> str:
    """At most so many bytes; what was cut off still counts, as eight letters of its digest."""
    content = name.encode()
    if len(content) <= longest:
        return name
    digest = sha256(content).hexdigest()[:8]
    return f"{content[: longest - 9].decode(errors='ignore').rstrip(' .-')}-{digest}"


def _folded(name: str) -> str:
    """The form in which names are the same for the file systems of macOS and Windows."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
