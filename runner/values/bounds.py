"""The most that any number of a person may be."""

from __future__ import annotations

MOST = 1_000_000_000
"""So many images, requests or days are more than anyone has, and every machine can count so far."""

MOST_PARALLEL = 256
"""Requests at the same time."""
