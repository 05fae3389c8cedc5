"""The command line: prints and exits, nothing else. Each command is imported when it is named."""

from __future__ import annotations

from importlib import import_module

import click

from runner import __version__

COMMANDS: dict[str, str] = {
    "init": "Start: write a commented workflow into this folder.",
    "validate": "Find every mistake in workflow files; needs no key and no network.",
    "show": "Print a workflow with defaults and extends filled in.",
    "plan": "Say what a run would ask, how much, at what cost; asks nothing.",
    "run": "Ask, and write the results in pixels of your images.",
    "simulate": "Serve a simulated Gemini API on this machine.",
    "models": "List the models: what they accept and cost.",
    "explain": "Explain a word of the format or the code of a message.",
    "schema": "Print the JSON Schema of workflow files, for editors.",
    "library": "List the workflows and answer shapes that are shipped.",
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

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, from their lines of help."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="askpix")
def group() -> None:
    """Ask Gemini about your images with a YAML file; get boxes, points and masks in pixels."""


def main() -> None:
    """The `askpix` command."""
    group()
