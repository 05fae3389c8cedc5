"""Names of files and folders made from names of cases and labels: safe on every system.

A name that a person, a web address or a model chose never leaves its folder, never is a device of
Windows, and never replaces another name's file where capital letters do not count. The name of a
case's files comes from the case alone: which other cases there are, and in which order, changes
nothing, so one sees which file belongs to which image, in this run and the next.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from runner.values.result import Result, ResultImage

LONGEST = 200
"""Bytes of a name with its ending; file systems take 255."""

_READ = 1000
"""Letters of a text that are looked at; a model may write a label of ten million."""

_ROOM = LONGEST - 40
"""Bytes for the name of a case: room is kept for a digest, a role and an ending."""

_USUAL_ENDING = re.compile(r"\.jpe?g$", re.IGNORECASE)
_IMAGE_ENDING = re.compile(r"\.(jpe?g|png|webp|gif|bmp|tiff?|heic|heif|avif|mpo)$", re.IGNORECASE)
_UNSAFE = re.compile(r'[<>:"/\\|?*\s]+')
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])", re.IGNORECASE
)
"""Source: learn.microsoft.com, "Naming Files, Paths, and Namespaces"."""
_FOLDER_OF_OURS = re.compile(r"repeat-\d+$|[^=]+=")


def safe_name(text: str, ending: str = "") -> str:
    """One name for a file or folder, at most 200 bytes of UTF-8 with its ending, never empty."""
    if len(text) > _READ:
        ending = f"-{_digest(text)}{ending}"
    name = "".join(_visible(letter) for letter in unicodedata.normalize("NFC", text[:_READ]))
    name = _UNSAFE.sub("-", name).strip(" .-") or "unnamed"
    if _DEVICE.fullmatch(name.split(".")[0].rstrip()):
        name = f"_{name}"
    return _cut(name, LONGEST - len(ending.encode())) + ending


def case_stem(case: str) -> str:
    """What the files of a case are called, without an ending, folders with `/` between them.

    An image keeps its folders, and its ending unless it is that of a JPEG: `bed-1.jpg` → `bed-1`,
    `bed-1.heic` → `bed-1.heic`, `a/bed-1.jpg` → `a/bed-1`. Any other name is one name, as is one
    that is longer than a file's may be.
    """
    parts = _parts(case) if len(case) <= _READ else [case]
    if _USUAL_ENDING.search(parts[-1]):
        parts[-1] = _USUAL_ENDING.sub("", parts[-1]) or "unnamed"
    names = [safe_name(part) for part in parts]
    if len(names) > 1 and _FOLDER_OF_OURS.match(names[0]):
        names[0] = f"_{names[0]}"
    stem = "/".join(names)
    return stem if len(stem.encode()) <= _ROOM else _cut(safe_name(case), _ROOM)


def _parts(case: str) -> list[str]:
    """The folders and the name in the name of an image, or all of another name; at least one."""
    if "://" in case:
        address = urlsplit(case)
        case = f"{address.netloc}/{unquote(address.path)}"
    elif not _IMAGE_ENDING.search(case):
        return [case]
    return [part for part in re.split(r"[/\\]", case) if part not in ("", ".", "..")] or [case]


@dataclass(slots=True)
class Names:
    """Gives every case a name of its own; the same in every combination and repeat.

    Where a name is taken all the same (`bed.jpg` and `BED.jpg`, `a:b.jpg` and `a-b.jpg`), the case
    that comes second in the plan gets eight letters of its own digest: `BED-1f0a9c3e`.
    """

    by_case: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    folders: Folders = field(default_factory=lambda: Folders())

    def path(self, result: Result) -> Path:
        """Where the files of a result go, without an ending: `model=x/repeat-2/bed-1`."""
        return self.folders.of(result) / self.name(result.case)

    def name(self, case: str) -> str:
        """The name of a case."""
        if case not in self.by_case:
            self.by_case[case] = self._free(case)
        return self.by_case[case]

    def _free(self, case: str) -> str:
        return _free(case_stem(case), case, self.taken)


@dataclass(slots=True)
class Folders:
    """The folder of every combination and repeat, the same in all formats: `model=x/repeat-2`.

    A run without a matrix has none for its combination, and a first repeat none for itself.
    """

    by_combination: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def of(self, result: Result) -> Path:
        """Where the files of a result go, relative."""
        folders = []
        if result.combination:
            key = repr(sorted(result.combination.items()))
            if key not in self.by_combination:
                name = combination_name(result.combination)
                self.by_combination[key] = _free(name, key, self.taken)
            folders.append(self.by_combination[key])
        if result.repeat > 1:
            folders.append(f"repeat-{result.repeat}")
        return Path(*folders)


@dataclass(slots=True)
class Mirror:
    """Gives every image a path of its own that is, wherever it can be, the one that the image has
    from the folder of its workflow: `photos/bed 1.jpg`.

    Tools find an image by this path, so nothing is changed in it but what would lead out of a folder
    (`..`, a leading `/`), control characters, names that are too long or devices of Windows, folders
    named like ours, and paths that no file system of macOS or Windows keeps apart. Two images never get names that
    differ in their endings only: the files of many formats are named without.
    """

    taken: set[str] = field(default_factory=set)

    def name(self, image: ResultImage) -> str:
        """The path of an image, with `/` between folders."""
        place = image.address or image.path or image.name
        parts = [_harmless(part) for part in _path_parts(place)] or ["unnamed"]
        if len(parts) > 1 and _FOLDER_OF_OURS.match(parts[0]):
            parts[0] = f"_{parts[0]}"
        last = PurePosixPath(parts[-1])
        folder = "".join(f"{part}/" for part in parts[:-1])
        return f"{_free(folder + last.stem, place, self.taken)}{last.suffix}"


def _path_parts(place: str) -> list[str]:
    if "://" in place:
        address = urlsplit(place)
        place = f"{address.hostname or ''}/{unquote(address.path)}"
    return [part for part in re.split(r"[/\\]", place) if part not in ("", ".", "..")]


def _harmless(part: str) -> str:
    """The part of a path as it is, or as a safe name when it is none that files have anywhere."""
    fine = len(part.encode(errors="replace")) <= LONGEST and part == part.strip()
    if fine and part.isprintable() and not part.endswith(".") and part[1:2] != ":":
        return safe_name(part) if _DEVICE.fullmatch(part.split(".")[0]) else part
    return safe_name(PurePosixPath(part).stem, PurePosixPath(safe_name(part)).suffix)


def _free(stem: str, origin: str, taken: set[str]) -> str:
    """A name that is not taken yet: the stem, or the stem and eight letters of the origin's digest."""
    name, told = stem, origin
    while _folded(name) in taken:
        name = f"{stem}-{_digest(told)}"
        told += origin  # two digests are hardly ever the same
    taken.add(_folded(name))
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
    return f"{content[: longest - 9].decode(errors='ignore').rstrip(' .-')}-{_digest(name)}"


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _folded(name: str) -> str:
    """The form in which names are the same for the file systems of macOS and Windows."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
