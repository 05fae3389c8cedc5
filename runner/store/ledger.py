"""The ledger of a run: what its attempts have cost, and which of them are in doubt."""

from __future__ import annotations

from dataclasses import dataclass
from sqlite3 import Connection

from runner.transport.budget import NEVER_LEFT
from runner.values.totals import Spent, Totals

NAMED = 5
"""So many requests that may have been paid for are named; the log names all."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A request that may have been paid for although nobody has its response."""

    name: str
    estimate_usd: float
    sent_utc: str


def doubts(sessions_before: int, db: Connection) -> dict[str, Doubt]:
    """The requests in doubt by their key, the oldest first.

    A request is in doubt when nobody knows the end of its last attempt that left: its session, one
    of those before this number, is over and wrote none. The doubt ends with

    - a later attempt that has an end, whatever it is: the request was asked again;
    - a response of the same or a later session, bought or from the cache, also one that is to be
      asked again by now;
    - a result that such a session concluded at the place in the plan for which it was sent (it was
      left out), as long as that is not to be asked again.

    What the attempt may have cost stays among the totals, whatever comes later.
    """
    rows = db.execute(_DOUBTS, (*NEVER_LEFT, sessions_before)).fetchall()
    return {key.hex(): Doubt(*about) for key, *about in rows}


def totals(db: Connection) -> Totals:
    """Every attempt of every session, counted."""
    rows = db.execute(_OUTCOMES).fetchall()
    (lost,) = db.execute("SELECT total(lost_usd) FROM session").fetchone()
    return Totals(
        attempts=sum(row[1] for row in rows),
        sent=sum(row[2] if row[0] in NEVER_LEFT else row[1] for row in rows),
        by_outcome={row[0]: row[1] for row in rows},
        cost_usd=sum(row[3] for row in rows) + lost,
        session_usd=sum(row[4] for row in rows),
        bound_usd=sum(row[5] for row in rows) + lost,
        doubtful=sum(row[2] for row in rows),
        doubtful_usd=sum(row[6] for row in rows),
        doubtful_names=tuple(name for (name,) in db.execute(_NAMES, (NAMED,))),
        by_model={name: Spent(*spent) for name, *spent in db.execute(_MODELS)},
    )


_DOUBTS = f"""
SELECT key, name, estimate_usd, last.sent_utc
FROM request JOIN attempt AS last ON last.id = (
  SELECT max(id) FROM attempt WHERE attempt.request = request.id
  AND (outcome IS NULL OR outcome NOT IN ({", ".join("?" * len(NEVER_LEFT))})))
WHERE last.outcome IS NULL AND last.session < ? AND typeof(key) = 'blob'
  AND NOT EXISTS (SELECT 1 FROM response
    WHERE response.request = request.id AND response.session >= last.session)
  AND NOT EXISTS (SELECT 1 FROM result
    WHERE result.ordinal = request.ordinal AND result.session >= last.session AND NOT stale)
ORDER BY last.id"""

_DOUBTFUL = "(outcome IS NULL OR maybe_billed)"

_OUTCOMES = f"""
SELECT coalesce(outcome, 'unknown'), count(*), sum({_DOUBTFUL}), total(cost_usd),
  total(cost_usd * (session = (SELECT max(id) FROM session))),
  total(coalesce(cost_usd, reserve_usd * ({_DOUBTFUL} OR outcome = 'answered'))),
  total(estimate_usd * {_DOUBTFUL})
FROM attempt LEFT JOIN request ON request.id = attempt.request GROUP BY 1 ORDER BY 1"""

_NAMES = f"""
SELECT name FROM attempt JOIN request ON request.id = attempt.request
WHERE {_DOUBTFUL} GROUP BY name ORDER BY min(attempt.id) LIMIT ?"""

_MODELS = """
SELECT model, count(*), sum(input_tokens),
  CASE WHEN count(image_tokens) = count(*) THEN sum(image_tokens) END,
  sum(cached_tokens), sum(output_tokens), sum(thought_tokens), total(cost_usd), sum(cost_usd IS NULL)
FROM attempt WHERE outcome = 'answered' GROUP BY model ORDER BY model"""
