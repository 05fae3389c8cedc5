"""The tables of run.sqlite."""

from __future__ import annotations

from runner.store.opening import Schema

FILE_NAME = "run.sqlite"

VERSION_1 = """
CREATE TABLE session (  -- a process that worked on the run
  id INTEGER PRIMARY KEY,
  pid INTEGER NOT NULL,
  host TEXT NOT NULL,
  version TEXT NOT NULL,  -- of askpix
  started_utc TEXT NOT NULL,
  ended_utc TEXT,  -- NULL while it works, and when it was killed
  lost_usd REAL NOT NULL DEFAULT 0  -- paid by earlier ones of which nothing else is left here
);
CREATE TABLE request (
  id INTEGER PRIMARY KEY,
  key BLOB NOT NULL UNIQUE,  -- SHA-256 of everything that changes the answer
  ordinal INTEGER,  -- place in the plan of the result that it was last sent for
  name TEXT NOT NULL DEFAULT '',
  estimate_usd REAL NOT NULL DEFAULT 0,
  given_up TEXT  -- the failure with which it ended for good, as JSON
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
  reserve_usd REAL NOT NULL DEFAULT 0,  -- the most that it may cost, set aside before it was sent
  cost_usd REAL,  -- of the response, NULL when there is none or its price is not known
  model TEXT,  -- that answered, and the tokens as the service counted them
  input_tokens INTEGER,
  image_tokens INTEGER,
  cached_tokens INTEGER,
  output_tokens INTEGER,
  thought_tokens INTEGER,
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
  session INTEGER NOT NULL,
  stale INTEGER NOT NULL DEFAULT 0,  -- 1 when it is to be made again and stands until then
  origin TEXT NOT NULL,
  step TEXT NOT NULL,
  status TEXT NOT NULL,
  content BLOB NOT NULL,  -- zlib of a line of results.jsonl
  checksum BLOB NOT NULL
)
"""

VERSION_2 = """
CREATE TABLE part (  -- a file of requests, which becomes a batch of the service
  id INTEGER PRIMARY KEY,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  name TEXT NOT NULL UNIQUE,  -- the display name of its file and of its batch
  stage TEXT NOT NULL,  -- writing, written, uploaded, creating, created, recorded, closed
  requests INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  input TEXT,  -- the service's name of the file of requests
  batch TEXT,  -- its name of the batch
  output TEXT,  -- its name of the file of answers
  state TEXT,  -- of the batch, as the service last told it
  why TEXT NOT NULL DEFAULT '',
  created_utc TEXT,
  project TEXT NOT NULL DEFAULT ''  -- a digest that stands for the API key
);
CREATE TABLE waiting (  -- a request that was put into a part, until it is answered
  request INTEGER PRIMARY KEY,
  part INTEGER,  -- NULL when its last try failed
  tries INTEGER NOT NULL,
  reserved_usd REAL NOT NULL,
  content BLOB NOT NULL  -- zlib of JSON
);
CREATE INDEX waiting_part ON waiting(part)
"""

SCHEMA = Schema(application_id=0x61736B70, steps=(VERSION_1, VERSION_2))  # "askp"
