"""Writes numbers into a database until it is killed; says which are confirmed."""

from __future__ import annotations

import sys
from pathlib import Path

from runner.store.database import Database
from runner.store.opening import Schema

SCHEMA = Schema(7, ("CREATE TABLE number (n INTEGER PRIMARY KEY, noise BLOB)",))
"""The tables that test_database.py knows, too."""


def main(path: Path) -> None:
    """Twenty numbers are on their way at any time."""
    with Database(path, SCHEMA) as database:
        first = database.read(
            lambda db: db.execute("SELECT count(*) FROM number").fetchone()
        ).result()
        waiting = []
        for number in range(first[0], 1 << 30):
            row = (number, bytes(500))
            waiting.append(
                (number, database.write(lambda db, row=row: db.execute(INSERT, row).rowcount))
            )
            if len(waiting) == 20:
                confirmed, future = waiting.pop(0)
                future.result()
                print(confirmed, flush=True)


INSERT = "INSERT INTO number VALUES (?, ?)"

if __name__ == "__main__":
    main(Path(sys.argv[1]))
