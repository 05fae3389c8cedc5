"""The tables of run.sqlite."""

from __future__ import annotations

from runner.store.opening import Schema

FILE_NAME = "run.sqlite"

VERSION_1 = """
CREATE TABLE fact (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL  -- JSON
);
CREATE TABLE session (  -- a process that worked on the run
  id INTEGER PRIMARY KEY,
  pid INTEGER NOT NULL,
  host TEXT NOT NULL,
  version TEXT NOT NULL,  -- of askpix
  started_utc TEXT NOT NULL,
  ended_utc TEXT  -- NULL while it works, and when it was killed
);
CREATE TABLE request (
  id INTEGER PRIMARY KEY,
  key BLOB NOT NULL UNIQUE,  -- SHA-256 of everything that changes the answer
  ordinal INTEGER,  -- place in the plan of the result that it was first sent for
  name TEXT NOT NULL DEFAULT '',
  estimate_usd REAL NOT NULL DEFAULT 0
);
CREATE TABLE attempt (
  id INTEGER PRIMARY KEY,
  request INTEGER NOT NULL,
  session INTEGER NOT NULL,
  sent_utc TEXT NOT NULL,
  sent_seconds REAL NOT NULL,  -- since the session started, by a clock that never jumps
  ended_seconds REAL,
  outcome TEXT,  -- answered, or the kind of failure, NULL when nobody knows
  status INTEGER,  -- HTTP status of a failure
  maybe_billed INTEGER NOT NULL DEFAULT 0,
  cost_usd REAL,  -- of the response, NULL when there is none or its price is not known
  error TEXT
);
CREATE INDEX attempt_request ON attempt(request);
CREATE TABLE response (
  id INTEGER PRIMARY KEY,
  request INTEGER NOT NULL,
  session INTEGER NOT NULL,
  origin TEXT NOT NULL,  -- asked, cache
  void INTEGER NOT NULL DEFAULT 0,  -- 1 when it is to be asked again
  content BLOB NOT NULL,  -- zlib of a line of JSON and the body as received
  checksum BLOB NOT NULL
);
CREATE INDEX response_request ON response(request);
CREATE TABLE result (
  ordinal INTEGER PRIMARY KEY,  -- place in the plan
  request INTEGER,
  origin TEXT NOT NULL,
  step TEXT NOT NULL,
  status TEXT NOT NULL,
  content BLOB NOT NULL,  -- zlib of a line of results.jsonl
  checksum BLOB NOT NULL
)
"""

SCHEMA = Schema(application_id=0x61736B70, steps=(VERSION_1,))  # "askp"
