"""Pacing: requests leave at a pace that the service's quota allows, known or not.

A `Pacer` decides for one model, on numbers alone: it neither sleeps nor sends. `paced` acts.
"""

from __future__ import annotations

from runner.transport.pacing.pacer import Pacer, Quota
from runner.transport.pacing.turns import Pacers, paced

__all__ = ["Pacer", "Pacers", "Quota", "paced"]
