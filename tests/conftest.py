"""What every test stands on: nothing leaves this machine, and whole outputs are compared."""

from __future__ import annotations

import asyncio
import importlib.util
import ipaddress
import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings

from runner.cli.ci import SERVICES

# A busy machine is no failure: no example has a time limit. In CI the examples are always the same,
# so that a change fails for what it changes; at home they vary.
settings.register_profile("unhurried", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("unhurried")

Accepted = Callable[[Path, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--accept", action="store_true", help="rewrite the expected outputs; read the diff after"
    )


@pytest.fixture
def accepted(request: pytest.FixtureRequest) -> Accepted:
    """Compares a whole output with the file that holds the accepted one."""

    def compare(path: Path, output: str) -> None:
        if request.config.getoption("--accept"):
            path.write_text(output, encoding="utf-8")
        expected = path.read_text(encoding="utf-8") if path.exists() else "(no accepted output)"
        assert output == expected

    return compare


@pytest.fixture(scope="session")
def draw() -> ModuleType:
    """`tests/images.py`, which draws the images that tests need."""
    path = Path(__file__).with_name("images.py")
    spec = importlib.util.spec_from_file_location("drawn_images", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def served() -> Iterator[Callable[..., str]]:
    """Serves a simulated service on a real socket of this machine until the test ends; its address.

    `keys` are those that it takes (None: any), `requests_per_minute` is its quota; or it stands on
    a `desk` of the test's own.
    """
    with ExitStack() as stack:

        def start(
            keys: frozenset[str] | None = None,
            requests_per_minute: int | None = None,
            desk: object = None,
        ) -> str:
            return stack.enter_context(_serving(keys, requests_per_minute, desk))

        yield start


@contextmanager
def _serving(
    keys: frozenset[str] | None, requests_per_minute: int | None, desk: object
) -> Iterator[str]:
    """In a thread of its own: a client that blocks can then talk to it."""
    from runner.providers.simulator.desk import Desk
    from runner.providers.simulator.quota import Quota
    from runner.providers.simulator.server import serve
    from runner.providers.simulator.service import Service

    service = Service(desk or Desk(keys=keys, quota=Quota(requests_per_minute)))
    ready: Future[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def until_left() -> None:
        async with serve(service) as address:
            leave = asyncio.Event()
            ready.set_result((address, asyncio.get_running_loop(), leave))
            await leave.wait()

    thread = threading.Thread(target=lambda: asyncio.run(until_left()))
    thread.start()
    address, loop, leave = ready.result(20)
    try:
        yield address
    finally:
        loop.call_soon_threadsafe(leave.set)
        thread.join(20)


@pytest.fixture(autouse=True)
def only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reaches an address outside 127.0.0.0/8, whatever it does."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guard(address: object) -> None:
        host = address[0] if isinstance(address, tuple) else None
        if host is not None and not _is_loopback(str(host)):
            raise AssertionError(f"a test tried to reach {address!r}")

    def guarded_connect(self: socket.socket, address: object) -> None:
        guard(address)
        return connect(self, address)  # type: ignore[arg-type]

    def guarded_connect_ex(self: socket.socket, address: object) -> int:
        guard(address)
        return connect_ex(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)


@pytest.fixture
def no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on, opening a socket of the internet fails, and so does asking for an address."""
    made = socket.socket.__init__

    def refuse(self: socket.socket, family: int = -1, *rest: object, **named: object) -> None:
        if family in (-1, socket.AF_INET, socket.AF_INET6):
            raise AssertionError("a socket was opened")
        made(self, family, *rest, **named)  # type: ignore[arg-type]

    def no_name(host: object, *rest: object, **named: object) -> None:
        raise AssertionError(f"somebody asked for the address of {host!r}")

    monkeypatch.setattr(socket.socket, "__init__", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", no_name)


@pytest.fixture(autouse=True)
def clean_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No key, no address, no colour setting and no stored answer of the machine decides a test."""
    for name in list(os.environ):
        if name.startswith(("GEMINI_", "GOOGLE_", "OPENAI_", "ASKPIX_")) or name.upper().endswith(
            "_PROXY"
        ):
            monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", *SERVICES):
        monkeypatch.delenv(name, raising=False)
    cache = tmp_path_factory.getbasetemp() / "caches" / uuid.uuid4().hex
    monkeypatch.setenv("ASKPIX_CACHE", str(cache))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
