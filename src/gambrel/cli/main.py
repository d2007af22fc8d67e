"""`gambrel`: one command. Every subcommand lives in a file of its own and is loaded when named.

Exit codes: 0 done, 1 the app or its surroundings are not as they must be, 2 the command line is
not. Knows no app: extensions' commands are looked up by `app_commands.py`.
"""

import gc
import importlib
import sys
from typing import Any

import click

__all__ = ["COMMANDS", "CONTROL", "Gambrel", "main", "run"]

COMMANDS = {
    "choose": "Find out which framework, and in which shape.",
    "run": "Serve an app in production mode.",
    "dev": "Serve an app, reload on save, show errors.",
    "files": "Serve a folder.",
    "watch": "Run any program, and anew on save.",
    "shell": "Type Python with the app running.",
    "routes": "List the routes, or explain one URL.",
    "pipeline": "Show what every request passes.",
    "openapi": "Write the OpenAPI document.",
    "client": "Write a typed client for an app.",
    "config": "Show the settings and where each comes from.",
    "check": "Check the configuration, and with --deploy its safety.",
    "db": "Open, migrate, inspect, fill, move and save databases.",
    "request": "Send one request to an app, without a server.",
    "info": "Tell versions for a bug report.",
    "new": "Begin a project.",
    "add": "Add a battery to a project.",
    "grow": "Make a package of a single file.",
    "lock": "Write down the versions that are installed.",
    "status": "Show the workers of a running server.",
    "reload": "Replace the workers of a running server.",
    "scale": "Let a running server have more workers, or fewer.",
    "stop": "Stop a running server.",
}
CONTROL = {"status", "reload", "scale", "stop"}
_FOLDERS = dict.fromkeys(CONTROL, "control.") | dict.fromkeys(("openapi", "client"), "documents.")
_FOLDERS |= dict.fromkeys(("new", "add", "grow", "lock"), "projects.")
_FOLDERS |= dict.fromkeys(("request", "info"), "asking.") | {
    "choose": "choosing.",
    "db": "databases.",
}

_MORE = "The commands of an app's extensions are listed with `gambrel --app TARGET --help`."


class Gambrel(click.Group):
    """The group; importing one command does not import the others."""

    def main(self, args: Any = None, *rest: Any, **options: Any) -> Any:
        """Run the command line; of the process itself where no arguments are given."""
        if args is None and sys.argv[1:2] == ["run"]:
            gc.disable()  # until it serves: what a start makes stays, and looking at it costs 10 %
        return super().main(args, *rest, **options)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the documentation, then those of the app, if named."""
        target = ctx.params.get("app")
        return [*COMMANDS, *(self._of_app(target) if target else ())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the file of a command, or ask the app for one that an extension has added."""
        if cmd_name in COMMANDS:
            module = importlib.import_module(f"gambrel.cli.{_FOLDERS.get(cmd_name, '')}{cmd_name}")
            command: click.Command = module.command
            return command
        return self._of_app(ctx.params.get("app")).get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; `--app` may also stand behind the name of an app's command."""
        name, rest = args[0], args[1:]
        if name not in COMMANDS:
            target, rest = take_option("--app", rest)
            ctx.params["app"] = target or ctx.params.get("app")
            if self.get_command(ctx, name) is None:
                ctx.fail(unknown(name, [*COMMANDS, *self._of_app(ctx.params["app"])]))
        return super().resolve_command(ctx, [name, *rest])

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands without importing them."""
        target = ctx.params.get("app")
        added = self._of_app(target) if target else {}
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        if added:
            with formatter.section(f"Commands of {target}"):
                formatter.write_dl([(n, one.get_short_help_str()) for n, one in added.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run; an error of ours is three lines, and exit code 1."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            from gambrel.cli.failures import tell

            if not tell(error):
                raise
            ctx.exit(1)

    def _of_app(self, target: str | None) -> dict[str, click.Command]:
        from gambrel.cli.app_commands import find_commands

        return find_commands(target)


def take_option(name: str, args: list[str]) -> tuple[str | None, list[str]]:
    """Return the value of an option, and the arguments without it."""
    for at, arg in enumerate(args):
        if arg == name and at + 1 < len(args):
            return args[at + 1], [*args[:at], *args[at + 2 :]]
        if arg.startswith(f"{name}="):
            return arg.partition("=")[2], [*args[:at], *args[at + 1 :]]
    return None, args


def unknown(name: str, known: list[str]) -> str:
    """Return what to say of a command that is none."""
    import difflib

    close = difflib.get_close_matches(name, known, 1)
    guess = f" Did you mean {close[0]!r}?" if close else ""
    return f"There is no command {name!r}.{guess} {_MORE}"


@click.command(cls=Gambrel, no_args_is_help=True, epilog=_MORE)
@click.version_option(package_name="gambrel")
@click.option(
    "--app", metavar="TARGET", is_eager=True, help="The app whose commands are meant (app.py)."
)
def main(app: str | None) -> None:
    """Gambrel: from five lines to a platform.

    TARGET is a file, a folder with app.py, or module:attribute; the variable is `app` unless
    it is named.
    """


def run() -> None:
    """Be the process `gambrel`: an error in the user's code ends it with the trace of that code."""
    try:
        main(prog_name="gambrel")
    except Exception as error:
        from gambrel.cli.failures import place_of, user_trace

        if not place_of(error.__traceback__):  # it is a mistake of ours
            raise
        click.echo(user_trace(error), err=True, nl=False)
        sys.exit(1)


if __name__ == "__main__":
    run()
