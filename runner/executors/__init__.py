"""How a plan is driven: on this machine, or by others on many."""

from __future__ import annotations

from runner.executors.local import Local
from runner.registry import Registry

EXECUTORS: Registry[type[Local]] = Registry("executor", {"local": Local}, "askpix.executors")
