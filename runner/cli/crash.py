"""What no command foresaw: the machine's trouble in a sentence, or a bug of ours with an apology."""

from __future__ import annotations

import errno
import os
import platform
import re
import sys
import tempfile
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from runner.cli.exits import NOTHING_RAN, OUR_BUG, STOPPED
from runner.front.environment import environment
from runner.text.masking import masked
from runner.transport.secret import HIDDEN, Secret
from runner.version import VERSION

OF_THE_MACHINE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF, errno.EFBIG})
"""A full or broken disk, a closed output: nothing that a program can mend."""


def explain(bug: Exception) -> int:
    """Says what happened and gives the exit code. The traceback of a bug goes to a file, without
    any key; nothing here may fail in its turn, whatever is wrong with the machine."""
    from runner.transport.surroundings import SurroundingsError

    if isinstance(bug, OSError) and bug.errno in OF_THE_MACHINE:
        what = bug.filename or "the output"
        _tell(f"error: {(bug.strerror or str(bug)).lower()}: {what} could not be written")
        _forget_output()
        return STOPPED
    if isinstance(bug, SurroundingsError):
        _tell(f"error: {bug}")
        return NOTHING_RAN
    about = f"askpix {VERSION}, Python {sys.version.split()[0]}, {platform.platform()}\n\n"
    report = about + _without_keys("".join(traceback.format_exception(bug)))
    _tell("Sorry: this is a bug of askpix, not a mistake of yours.")
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="askpix-bug-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(report)
    except OSError:
        _tell(report)
    else:
        _tell(f"What happened stands in {file.name}; please send it to us.")
    return OUR_BUG


def _without_keys(text: str) -> str:
    values = _secrets(_environment())
    text = Secret.of(*values).hidden(text)
    for value in values:  # here also those that may be plain words
        text = text.replace(value, HIDDEN)
    return masked(text)


def _secrets(environ: Mapping[str, str]) -> list[str]:
    words = re.compile("KEY|TOKEN|SECRET|(HTTPS?|ALL)_PROXY", re.IGNORECASE)
    named = (value for name, value in environ.items() if words.search(name))
    return sorted((value for value in named if len(value) > 3), key=len, reverse=True)


def _environment() -> Mapping[str, str]:
    """What a command may have read: also `.env` beside every file on the command line."""
    folders = [Path(argument).parent for argument in sys.argv[1:]]
    with suppress(OSError, ValueError):
        return environment(Path("."), *folders)
    return os.environ


def _tell(text: str) -> None:
    with suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)


def _forget_output() -> None:
    """What is left in the buffer of stdout would fail once more as Python ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
