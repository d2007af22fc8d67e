import asyncio
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from gambrel.cli.main import main
from gambrel.cli.shell import Console
from tests.cli.processes import PATIENCE

APP = """
import asyncio
from collections.abc import AsyncIterator
from gambrel import App
app = App()

class Stock:
    async def count(self) -> int:
        await asyncio.sleep(0)
        return 12

@app.lifespan
async def stock() -> AsyncIterator[Stock]:
    print("opened")
    yield Stock()
    print("closed")

def doubled(number: int) -> int:
    return 2 * number

def broken() -> None:
    raise LookupError("no shelf")
"""


@pytest.fixture
def site(folder: Path) -> Path:
    (folder / "app.py").write_text(APP)
    return folder


def typed(*lines: str) -> tuple[int, str]:
    """Return exit code and output of a shell in which lines are typed."""
    result = CliRunner().invoke(main, ["shell"], input="".join(f"{line}\n" for line in lines))
    return result.exit_code, result.output


def test_the_names_of_the_module_are_there_and_the_app_runs_meanwhile(site):
    code, output = typed("doubled(21)", "app.pipeline is not None")

    assert code == 0
    assert "with app.py running; await works" in output
    assert "42\n" in output
    assert "True\n" in output
    assert output.index("opened") < output.index("42") < output.index("closed")


def test_what_is_typed_may_await_and_is_given_its_dependencies(site):
    code, output = typed(
        "async def count(stock: Stock) -> int:",
        "    return await stock.count()",
        "",
        "found = await app.call(count)",
        "found + 1",
        "await asyncio.sleep(0, 'slept')",
    )

    assert code == 0
    assert "13\n" in output
    assert "'slept'" in output


def test_an_error_is_shown_from_ones_own_line_on_and_ends_nothing(site):
    _, output = typed("broken()", "1 +", "doubled(4)")

    assert "LookupError: no shelf" in output
    assert 'File "<console>", line 1' in output
    assert "gambrel/cli" not in output
    assert "SyntaxError" in output
    assert "8\n" in output


def test_leaving_closes_the_app_with_ones_own_exit_code(site):
    code, output = typed("import sys; sys.exit(3)", "doubled(4)")

    assert code == 3
    assert "closed" in output
    assert "8\n" not in output


@pytest.mark.parametrize(
    ("line", "code"),
    [("print(await Stock().count())", 0), ("broken()", 1), ("1 +", 1), ("x = (", 1)],
)
def test_one_line_is_run_from_the_command_line(site, gambrel, line, code):
    result = gambrel("shell", "-c", line)

    assert result.exit_code == code
    assert ("12\n" in result.output) is (code == 0)
    assert "await works" not in result.output


def test_an_app_that_does_not_start_is_told(folder, start):
    (folder / "app.py").write_text(APP.replace('print("opened")', "broken()"))

    run = start("shell")

    assert run.end(None) == 1
    assert "LookupError: no shelf" in run.output


def test_an_interrupt_ends_what_was_typed_and_not_the_app(site):
    command = [sys.executable, "-m", "gambrel.cli.main", "shell"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, text=True, **pipes) as shell:
        giving_up = threading.Timer(PATIENCE, shell.kill)
        giving_up.start()
        shell.stdin.write("print('waiting', flush=True); await asyncio.sleep(3600)\n")
        shell.stdin.flush()
        seen = ""
        while "waiting" not in seen:
            seen += shell.stdout.read(1)
        shell.send_signal(signal.SIGINT)
        rest, _ = shell.communicate("doubled(21)\n")
        giving_up.cancel()

    assert "KeyboardInterrupt" in rest
    assert "42\n" in rest
    assert "closed" in rest
    assert shell.returncode == 0


def test_where_one_cannot_end_a_line_the_others_hear_of_it():
    told: list[BaseException | None] = []

    class Helper:
        def __init__(self, failure: Exception | None) -> None:
            self.failure = failure

        async def ended(self, error: BaseException | None) -> None:
            told.append(error)
            if self.failure is not None:
                raise self.failure

    failure = LookupError("no commit")

    async def main() -> BaseException | None:
        loop = asyncio.get_running_loop()
        helpers = [Helper(None), Helper(failure), Helper(None)]
        return await Console({}, loop, helpers).run(compile("1 + 1", "<console>", "exec"))

    assert asyncio.run(main()) is failure
    assert told == [None, None, failure]


WITH_MODELS = """
from gambrel import App
from gambrel.db import Database, Model
from sqlalchemy import MetaData
from sqlalchemy.orm import Mapped, mapped_column

class Base(Model):
    __abstract__ = True
    metadata = MetaData()

class Hero(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
"""
SHOP = """
import shop_models
from gambrel import App
from gambrel.db import Database
metadata = shop_models.Base.metadata
app = App(extensions=[Database("sqlite:///a.db", metadata=metadata, create=True)])
"""


def test_models_a_session_and_words_for_statements_are_there(folder):
    """Whatever module the models are in."""
    (folder / "shop_models.py").write_text(WITH_MODELS.replace("Hero", "ShellHero"))
    (folder / "app.py").write_text(SHOP)

    code, output = typed(
        "db.add(ShellHero(name='A'))",
        "await db.scalar(select(func.count(ShellHero.id)))",
        "db.add(ShellHero(name='A'))",
        "await db.scalar(select(func.count(ShellHero.id)))",
        "db.in_transaction()",
    )

    assert code == 0
    assert output.count(">>> 1\n") == 2
    assert "UNIQUE constraint failed" in output  # when its line is committed
    assert ">>> False\n" in output  # no lock is held while one thinks


def test_what_a_line_writes_before_it_fails_is_undone(folder):
    (folder / "shop_models.py").write_text(WITH_MODELS.replace("Hero", "UndoneHero"))
    (folder / "app.py").write_text(SHOP)

    _, output = typed(
        "db.add(UndoneHero(name='A')); await db.flush(); 1 / 0",
        "await db.scalar(select(func.count(UndoneHero.id)))",
    )

    assert "ZeroDivisionError" in output
    assert ">>> 0\n" in output


def test_an_app_is_begun_anew_with_files_that_have_changed(site):
    command = [sys.executable, "-m", "gambrel.cli.main", "shell"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, text=True, bufsize=0, **pipes) as shell:
        giving_up = threading.Timer(PATIENCE, shell.kill)
        giving_up.start()
        seen = ""
        shell.stdin.write("print('ready', flush=True)\n")
        while "ready" not in seen:
            seen += shell.stdout.read(1)
        (site / "app.py").write_text(APP.replace("2 * number", "number * 3 * 1"))
        shell.stdin.write("print(doubled(7), flush=True)\nreload()\n")
        while "await works" not in seen.partition("closed")[2]:
            seen += shell.stdout.read(1)
        rest, _ = shell.communicate("doubled(7)\n")
        giving_up.cancel()

    assert "app.py has changed: reload() begins anew with it" in seen
    assert "14\n" in seen
    assert "21\n" in rest
    assert shell.returncode == 0
