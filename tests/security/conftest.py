"""What the tests of safety stand on: keys to plant, every form they can be read in, every byte left."""

from __future__ import annotations

import bz2
import gzip
import html
import importlib.util
import json
import lzma
import sqlite3
import sys
import zlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

Leaks = Callable[..., list[str]]


def forms_of(key: str) -> dict[str, bytes]:
    """The key in every form in which something that is left behind may hold it."""
    raw = key.encode()
    forms = {
        "plain": raw,
        "in an address": quote(key, safe="").encode(),
        "in a form": quote_plus(key).encode(),
        "in JSON": json.dumps(key)[1:-1].encode(),
        "in HTML": html.escape(key).encode(),
        "in hex": raw.hex().encode(),
        "in a repr": repr(key)[1:-1].encode(),
    }
    for before in range(3):
        for name, encode in (("base64", b64encode), ("URL-safe base64", urlsafe_b64encode)):
            first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
            forms[f"{name} from byte {before}"] = encode(b"\0" * before + raw)[first:last]
    return forms


def everything_in(content: bytes) -> Iterator[bytes]:
    """Some bytes, and what becomes of them, or of any part of them, when they are decompressed."""
    yield content
    for unpack in (gzip.decompress, bz2.decompress, lzma.decompress):
        with suppress(Exception):
            yield unpack(content)
    at = content.find(b"\x78")
    while at != -1:
        if content[at + 1 : at + 2] in (b"\x01", b"\x5e", b"\x9c", b"\xda"):
            with suppress(zlib.error):
                yield zlib.decompressobj().decompress(content[at:])
        at = content.find(b"\x78", at + 1)


def cells_of(path: Path) -> Iterator[bytes]:
    """Every value in every table of a database."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master")]
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        assert names
        for (table,) in tables:
            for row in database.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    yield value if isinstance(value, bytes) else str(value).encode()


def left_in(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every byte below a folder, names of files included, whatever it is packed in."""
    for path in sorted(folder.rglob("*")):
        yield f"the name of {path}", str(path).encode()
        if not path.is_file():
            continue
        content = path.read_bytes()
        for each in everything_in(content):
            yield str(path), each
        if content.startswith(b"SQLite format 3"):
            for cell in cells_of(path):
                for each in everything_in(cell):
                    yield f"a cell of {path}", each


def _around(content: bytes, form: bytes) -> bytes:
    at = content.index(form)
    return content[max(0, at - 60) : at + len(form) + 20]


@pytest.fixture
def leaks() -> Leaks:
    """Where a key can be read, in folders and in texts, and in which form; `planted` are excepted."""

    def found(key: str, *places: Path | str | bytes, planted: tuple[Path, ...] = ()) -> list[str]:
        told: dict[str, None] = {}
        forms = forms_of(key)
        for place in places:
            if isinstance(place, Path):
                parts: Iterator[tuple[str, bytes]] = left_in(place)
            else:
                text = place.encode("utf-8", "surrogatepass") if isinstance(place, str) else place
                parts = iter([("what was printed", text)])
            for where, content in parts:
                if where in map(str, planted):
                    continue
                told |= {
                    f"{name} in {where}: {_around(content, form)!r}": None
                    for name, form in forms.items()
                    if form in content
                }
        return list(told)

    return found


@pytest.fixture(scope="session")
def fault_kit() -> ModuleType:
    """The service on a raw socket that the fault matrix uses."""
    path = Path(__file__).parents[1] / "faults" / "server.py"
    spec = importlib.util.spec_from_file_location("security_fault_server", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def service(fault_kit: ModuleType) -> Iterator[Any]:
    """A service on 127.0.0.1 that does what it is told."""
    with fault_kit.serving() as server:
        yield server
