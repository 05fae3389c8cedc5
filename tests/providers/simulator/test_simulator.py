"""The simulator as a provider: Gemini's own code, on a service without a network."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import pytest

from runner.providers import PROVIDERS
from runner.providers.simulator import Simulator
from runner.providers.simulator.server import serve
from runner.roles import Connection
from runner.values.geometry import Size
from runner.values.image import DataOrigin, Image, Prepared
from runner.values.request import ImagePart, Policy, Request, TextPart
from runner.values.response import Failure, Response

CONNECTION = Connection(policy=Policy(retries=0))


def request(content: bytes, prompt: str = "Give box_2d", family: Any = "interactions") -> Request:
    digest = hashlib.sha256(content).hexdigest()
    image = Image("a", "image", DataOrigin(content), "image/png", Size(400, 300), digest)
    return Request(family, "gemini-3.5-flash", (TextPart(prompt), ImagePart(image)))


def asked(simulator: Simulator, connection: Connection, *requests: Request) -> list[Any]:
    def fetch(image: Image) -> Prepared:
        assert isinstance(image.origin, DataOrigin)
        return Prepared(image.origin.content, image.mime, Size(400, 300), image.sha256 or "")

    async def run() -> list[Any]:
        async with simulator.open(connection, fetch) as ask:
            return [await ask(one) for one in requests]

    return asyncio.run(run())


def test_the_simulator_is_a_provider() -> None:
    """By the name that workflows use."""
    assert PROVIDERS["simulator"] is Simulator


@pytest.mark.parametrize("family", ["interactions", "generate_content"])
def test_a_response_is_marked_as_simulated(three: bytes, family: Any) -> None:
    """It needs no key and opens no socket."""
    (response,) = asked(Simulator(), CONNECTION, request(three, family=family))
    assert isinstance(response, Response)
    assert response.simulated
    assert response.text.count("box_2d") == 3
    assert (response.finish, response.usage.image_tokens) == ("complete", 1120)
    assert response.response_id is not None
    assert response.response_id.startswith("sim_")


def test_a_response_over_a_socket_is_marked_by_the_header(service: Any, three: bytes) -> None:
    """`askpix run --base-url …` against `askpix simulate` says so in every output, too."""
    gemini = PROVIDERS["gemini"]()

    async def run() -> Any:
        async with serve(service) as address:
            connection = Connection("KEY", address, policy=Policy(retries=0))
            fetch = lambda image: Prepared(three, image.mime, Size(400, 300), "")  # noqa: E731
            async with gemini.open(connection, fetch) as ask:
                return await ask(request(three))

    assert asyncio.run(run()).simulated


def test_faults_come_by_the_providers_option(three: bytes) -> None:
    """Every second answer, here."""
    simulator = Simulator(faults=("overloaded:every=2",))
    first, second = asked(simulator, CONNECTION, request(three), request(three))
    assert isinstance(first, Response)
    assert isinstance(second, Failure)
    assert (second.kind, second.status) == ("overloaded", 503)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("rate-limit:0.5", "rate_limit"),
        ("daily-quota", "quota"),
        ("reset", "transport"),
        ("truncated-body", "transport"),
        ("bad-gateway", "overloaded"),
        ("leaked-key", "credentials"),
    ],
)
def test_a_fault_is_a_failure_of_its_kind(three: bytes, fault: str, kind: str) -> None:
    """As over the network: Gemini's code cannot tell the difference."""
    (failure,) = asked(Simulator(), CONNECTION, request(three, f"x [[simulate: {fault}]]"))
    assert isinstance(failure, Failure)
    assert failure.kind == kind


def test_a_transport_in_the_connection_stands_in_for_the_service(
    service: Any, three: bytes
) -> None:
    """A recording that is replayed needs no simulator."""
    from dataclasses import replace

    from runner.providers.simulator.transport import SimulatedTransport

    connection = replace(CONNECTION, transport=SimulatedTransport(service))
    asked(Simulator(), connection, request(three))
    assert service.state()["billed_answers"] == 1
