"""Names with umlauts: `ü` may be stored as one character or, on a Mac, as two."""

from __future__ import annotations

import os
from unicodedata import normalize


def composed(name: str) -> str:
    """The name with `ü` as one character (NFC): what looks the same is the same."""
    return name if name.isascii() else normalize("NFC", name)


def stored(path: str) -> str:
    """The path in the form in which it exists, or as it is when it exists in none.

    A file that is stored with two characters is found by a name with one, and the other way round;
    folder by folder, as each may be stored in another form.
    """
    if path.isascii() or _exists(path):
        return path
    folder, name = os.path.split(path)
    if not name or folder == path:
        return path
    folder = stored(folder)
    for form in (name, normalize("NFC", name), normalize("NFD", name)):
        if _exists(os.path.join(folder, form)):
            return os.path.join(folder, form)
    return path


def _exists(path: str) -> bool:
    try:
        return os.path.lexists(path)
    except ValueError:  # a NUL or half a character in the name
        return False
