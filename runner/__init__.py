"""Declarative image understanding: a YAML workflow in, answers in pixel space out."""

__version__ = "0.1.0"
