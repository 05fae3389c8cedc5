"""The command line: prints and exits, nothing else. Each command is imported when it is named."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module

import click

from runner.cli.exits import DONE, INTERRUPTED
from runner.version import VERSION

COMMANDS: dict[str, str] = {
    "init": "Start: write a commented workflow into this folder.",
    "validate": "Find every mistake in workflow files; needs no key and no network.",
    "show": "Print a workflow with defaults and extends filled in.",
    "plan": "Say what a run would ask, how much, at what cost; asks nothing.",
    "run": "Ask, and write the results in pixels of your images.",
    "test": "Run, judge the checks, and compare with the accepted baseline.",
    "review": "Look at a run in the browser: approve, reject, correct; writes a file of truth.",
    "report": "Write a run as one HTML page: the worst first, drawn on their images.",
    "accept": "Make a run the baseline of its workflow, a file to commit.",
    "diff": "Say what has changed from one run to another, and what is chance.",
    "replay": "Read and judge the stored answers of a run again; asks nothing.",
    "export": "Write the results of a run as COCO, YOLO, CVAT, Parquet and others.",
    "simulate": "Serve a simulated Gemini API on this machine.",
    "models": "List the models: what they accept and cost.",
    "explain": "Explain a word of the format or the code of a message.",
    "schema": "Print the JSON Schema of workflow files, for editors.",
    "library": "List the workflows and answer shapes that are shipped.",
    "cache": "Show or empty the cache of answers.",
    "files": "List or delete the images that are uploaded with your key.",
    "doctor": "Look whether a run would work here, and say what to do.",
}
"""Every command with its line of help, so that `--help` imports none of them."""


class Commands(click.Group):
    """A group that imports a command only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name; None lets click suggest a close one."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"runner.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, but with the close name for a mistyped one."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from runner.text.suggest import did_you_mean

            if args[0] == "help":
                ctx.fail("there is no command `help`. Write: askpix --help")
            if args[0].endswith((".yaml", ".yml")):
                ctx.fail(f"say what to do with the file: askpix run {args[0]}")
            close = did_you_mean(args[0], COMMANDS)
            hint = f" Did you mean `{close}`?" if close else ""
            ctx.fail(f"there is no command `{args[0]}`.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, from their lines of help."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, "-V", "--version", prog_name="askpix")
def group() -> None:
    """Ask Gemini about your images with a YAML file; get boxes, points and masks in pixels."""


def main() -> None:
    """The `askpix` command: every way in which it can end is one of the exit codes of the README."""
    code: int | str | None
    try:
        code = _carry_out(sys.argv[1:])
    except SystemExit as left:
        code = left.code
    except click.ClickException as mistake:
        from runner.cli.ci import tell_mistake

        tell_mistake(mistake, os.environ)
        code = mistake.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except BrokenPipeError:
        code = _leave_a_closed_pipe()
    except Exception as bug:
        from runner.cli.crash import explain

        code = explain(bug)
    if code == INTERRUPTED:
        _leave_threads_behind()
    raise SystemExit(code)


def _carry_out(arguments: list[str]) -> int:
    """The exit code of a command. Not by `group.main`, which takes a closed pipe for a mistake."""
    try:
        with group.make_context("askpix", arguments) as context:
            returned = group.invoke(context)
            sys.stdout.flush()
    except click.exceptions.Exit as left:
        return left.exit_code
    return returned if isinstance(returned, int) else DONE


def _leave_threads_behind() -> None:
    """Ends the program when it was interrupted twice: all is written, and nobody waits any more for
    a thread that reads an image."""
    import threading

    here = threading.current_thread()
    if any(not thread.daemon for thread in threading.enumerate() if thread is not here):
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(INTERRUPTED)


def _leave_a_closed_pipe() -> int:
    """`askpix … | head` is not a mistake; without this Python complains again as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE
