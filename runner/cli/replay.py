"""`askpix replay` — the stored answers of a run, read and judged again."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli.exits import CHECK_FAILED, DONE, NOTHING_RAN, WITHOUT_ANSWER
from runner.cli.saying import say
from runner.text.excerpt import visible


@click.command(name="replay")
@click.argument("run", metavar="RUN")
@click.option(
    "--workflow",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read and judge by this workflow, with other checks or schemas.",
)
@click.option(
    "--runs",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="The folder in which runs are kept, and the new one is written.",
)
def command(run: str, file: Path | None, runs: Path) -> None:
    """Read, place in pixels and judge the stored answers of a run again; nothing is asked.

    RUN is the folder of a run, its name in runs/, or `last`. The results stand in a new folder; when
    nothing has changed they are the same, byte by byte. Works without the images and without the
    workflow file: the run has kept what it needs.

    Exit codes: 0 done, all checks held · 1 a check failed · 2 nothing was read · 3 some results have
    no usable answer.
    """
    from runner.cli.options import leaving
    from runner.cli.summary import shown, verdict_lines
    from runner.front.opening import Opening
    from runner.replay import replay
    from runner.store.folder import FolderError
    from runner.store.named_run import named_run
    from runner.text.words import number

    with leaving(say=say):
        workflow = None if file is None else Opening(file).load()
        try:
            done = replay(named_run(run, runs), runs, say, workflow)
        except (FolderError, OSError) as error:
            click.echo(f"error: {visible(str(error))}", err=True)
            raise SystemExit(NOTHING_RAN) from None
    changed = "all as they were" if not done.changed else f"{done.changed:,} changed"
    click.echo(f"{number(done.all, 'result')} read again: {changed}", err=True)
    if done.unusable:
        click.echo(f"{done.unusable:,} without a usable answer: see results.jsonl", err=True)
    for line in verdict_lines(done.verdicts):
        click.echo(visible(line), err=True)
    click.echo(visible(f"{shown(done.folder.path)}/"))
    if done.unusable:
        raise SystemExit(WITHOUT_ANSWER)
    failed = any(verdict.outcome == "failed" for verdict in done.verdicts)
    raise SystemExit(CHECK_FAILED if failed else DONE)
