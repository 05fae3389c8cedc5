"""`askpix simulate`: the simulated Gemini API as a server that real Gemini clients can talk to."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from runner.cli.exits import NOTHING_RAN
from runner.cli.numbers import Number, whole

if TYPE_CHECKING:
    from runner.providers.simulator.desk import Desk


@click.command(name="simulate")
@click.option(
    "--port",
    type=whole(0, 65535),
    default=8080,
    show_default=True,
    help="Where to listen; 0 takes a free port.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen on; the default is reached from this machine only.",
)
@click.option(
    "--latency",
    type=Number(0, 3600),
    default=0.0,
    metavar="SECONDS",
    help="Wait before each answer.",
)
@click.option(
    "--requests-per-minute",
    type=whole(1),
    metavar="N",
    help="Refuse more requests than that in a minute with 429; counted by key and model.",
)
@click.option(
    "--tokens-per-minute",
    type=whole(1),
    metavar="N",
    help="Refuse more tokens of input than that in a minute with 429.",
)
@click.option(
    "--batch-seconds",
    type=Number(0, 172_800),
    default=2.0,
    metavar="SECONDS",
    show_default=True,
    help="How long a batch takes; half of it, it waits.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[:every=N]",
    help="Misbehave: always, every=N, first=N or after=N answers; may be given several times.",
)
@click.option("--list-faults", is_flag=True, help="Print what --fault knows, and leave.")
def command(
    port: int,
    host: str,
    latency: float,
    requests_per_minute: int | None,
    tokens_per_minute: int | None,
    batch_seconds: float,
    faults: tuple[str, ...],
    list_faults: bool,
) -> int:
    """Serve a simulated Gemini API on this machine.

    It looks at the pixels that arrive and answers in Gemini's own way, without a model, a key or
    the network. One request alone misbehaves when it carries the header `x-askpix-simulate: NAME`
    or `[[simulate: NAME]]` in its prompt. `POST /simulator/clock?forward=3600` lets an hour pass.
    """
    if list_faults:
        click.echo(table())
        return 0
    from runner.providers.simulator.batches import Batches
    from runner.providers.simulator.commands import UnknownCommand, planned
    from runner.providers.simulator.desk import Desk, MovableClock
    from runner.providers.simulator.quota import Quota

    try:
        plan = tuple(planned(line) for line in faults)
    except UnknownCommand as unknown:
        click.echo(f"error: {unknown}\n  to see them all:  askpix simulate --list-faults", err=True)
        return NOTHING_RAN
    quota = Quota(requests_per_minute, tokens_per_minute)
    half = timedelta(seconds=batch_seconds / 2)
    desk = Desk(
        latency_seconds=latency,
        plan=plan,
        quota=quota,
        clock=MovableClock(),
        batches=Batches(half, half),
    )
    return _serve(desk, host, port)


def table() -> str:
    """Every fault and quirk with its line, under one another."""
    from runner.providers.simulator.faults import FAULTS, told
    from runner.providers.simulator.quirks import QUIRKS

    faults = {name: told(fault) for name, fault in FAULTS.items()}
    quirks = {name: quirk.about for name, quirk in QUIRKS.items()}
    width = max(map(len, [*faults, *quirks]))
    return "\n".join(
        [
            "The service fails:",
            *(f"  {name:<{width}}  {about}" for name, about in faults.items()),
            "",
            "The answer is odd:",
            *(f"  {name:<{width}}  {about}" for name, about in quirks.items()),
        ]
    )


def welcome(address: str) -> str:
    """How clients are pointed here."""
    return "\n".join(
        [
            f"A simulated Gemini API is at {address} (Ctrl-C ends it).",
            "No model looks at the images, and nothing is paid. Any key will do.",
            "",
            f"  askpix        askpix run WORKFLOW --base-url {address}",
            f"  environment   GOOGLE_GEMINI_BASE_URL={address} GEMINI_API_KEY=simulated",
            f"  google-genai  genai.Client(api_key='simulated', http_options={{'base_url': '{address}'}})",
            f"  counts        {address}/simulator/state",
        ]
    )


def _serve(desk: Desk, host: str, port: int) -> int:
    import asyncio

    try:
        asyncio.run(_until_stopped(desk, host, port))
    except KeyboardInterrupt:
        click.echo("\nstopped", err=True)
    except OSError as error:
        why = error.strerror or str(error)
        click.echo(f"error: cannot listen on {host}, port {port}: {why}", err=True)
        return NOTHING_RAN
    return 0


async def _until_stopped(desk: Desk, host: str, port: int) -> None:
    """Serves until Ctrl-C or a polite kill, then lets the requests under way go."""
    import asyncio
    import signal

    from runner.providers.simulator.server import serve
    from runner.providers.simulator.service import Service

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: there Ctrl-C is a KeyboardInterrupt
            loop.add_signal_handler(name, stopped.set)
    async with serve(Service(desk), host, port) as address:
        click.echo(welcome(address), err=True)
        await stopped.wait()
    click.echo("\nstopped", err=True)
