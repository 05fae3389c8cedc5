"""Takes a lock and holds it until it is killed, or until it is told to end."""

from __future__ import annotations

import sys
from pathlib import Path

from runner.store.lock import Lock

if __name__ == "__main__":
    with Lock(Path(sys.argv[1])):
        print("locked", flush=True)
        sys.stdin.readline()
