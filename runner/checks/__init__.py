"""Checks: what must be true of the results. To add one: a file, a line here, the schema, a test."""

from __future__ import annotations

from runner.checks.that import That
from runner.registry import Registry

CHECKS: Registry[type[That]] = Registry("check", {"that": That})
