"""The process in which decoders work: it does what it is asked for until its parent is gone.

Run as a script. Requests come on standard input and answers go to what was standard output, each a
pickle; what a decoder prints goes nowhere. A request is bytes that hold, once the modules can be found,
the folder, the function and what it is given; the first one is the list of folders with modules.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
import traceback


def main() -> None:
    """Works until the pipe closes. Signals are for the parent, which ends this."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    sys.path[:] = pickle.loads(pickle.load(requests))
    answer: tuple[bool, object] = (True, None)
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
            answers.flush()
            answer = (True, None)  # nothing large is kept while it waits
            answer = _answer(pickle.load(requests))
    os._exit(0)  # nothing is left to be flushed, and the parent may be gone


def _answer(request: bytes) -> tuple[bool, object]:
    try:
        folder, work, args, kwargs = pickle.loads(request)
        if folder is not None:
            os.chdir(folder)
        return True, work(*args, **kwargs)
    except Exception as error:
        return False, _that_travels(error)


def _that_travels(error: Exception) -> Exception:
    """The error, with the way it came; in words when it cannot be pickled."""
    way = traceback.format_exc()
    try:
        error.add_note(way)
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(way)
    return error


if __name__ == "__main__":
    main()
