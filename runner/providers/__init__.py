"""Services that answer requests, by the name that a workflow uses."""

from __future__ import annotations

from runner.providers.gemini import Gemini
from runner.providers.openai import OpenAI
from runner.providers.simulator import Simulator
from runner.registry import Registry
from runner.roles import Provider

PROVIDERS: Registry[type[Provider]] = Registry(
    "provider",
    {"gemini": Gemini, "openai": OpenAI, "simulator": Simulator},
    group="askpix.providers",
)
