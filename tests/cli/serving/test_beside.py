import os
import signal
from pathlib import Path

import pytest

from gambrel import App, GambrelError
from gambrel.cli.control.ask import ask
from gambrel.cli.serving.beside import prepare

APP = """
import asyncio, os, signal, socket, sys
from collections.abc import AsyncIterator
from gambrel import App
app = App()

def say(line: str) -> None:
    os.write(1, f"{line}\\n".encode())  # whole: several processes write to this pipe

@app.lifespan
async def shop() -> AsyncIterator[None]:
    yield
    say(f"closed by {os.getpid()}")

@app.command
async def consume(app: App, queue: str) -> None:
    say(f"consumes {queue} in {os.getpid()}")
    async with app.running():
        try:
            await asyncio.sleep(3600)
        finally:
            say(f"left {queue}")

@app.command
async def careful() -> None:
    say("careful")
    try:
        await asyncio.sleep(3600)
    finally:
        say("begins to leave")
        await asyncio.sleep(0.5)
        say("left nothing")

@app.command
def reloads() -> None:
    say("asks for a reload")
    ask = socket.socket(socket.AF_UNIX)
    ask.connect(os.environ["GAMBREL_CONTROL"])
    ask.sendall(b'{"do": "status"}\\n')
    say(f"was told {ask.recv(100)[:13].decode()}")
    ask = socket.socket(socket.AF_UNIX)
    ask.connect(os.environ["GAMBREL_CONTROL"])
    ask.sendall(b'{"do": "reload"}\\n')
    signal.pause()

@app.command
def once(code: int) -> None:
    sys.exit(code)
"""


@pytest.fixture
def site(folder: Path) -> Path:
    (folder / "app.py").write_text(APP)
    return folder


def test_a_command_goes_on_beside_the_workers_and_cleans_up_at_the_end(site, start):
    run = start("run", "--port", "0", "--process", "consume orders")
    pid = int(run.line(r"consumes orders in (\d+)")[1])

    assert run.end() == 0
    assert "left orders" in run.output
    assert f"closed by {pid}" in run.output


def test_a_process_may_ask_for_a_reload_of_its_own_server(site, start):
    run = start("run", "--port", "0", "--control", "c.sock", "--process", "reloads")

    run.line('was told {"failure":""')
    run.line("asks for a reload")  # it has been reloaded itself, by the new code
    assert run.end() == 0


def test_one_that_is_told_by_several_cleans_up_undisturbed(site, start):
    run = start("run", "--port", "0", "--control", "c.sock", "--process", "careful")
    run.line("^careful")
    status, connection = ask("c.sock", "status")
    connection.close()
    pid = next(one.pid for one in status.workers if one.name == "careful")
    os.kill(pid, signal.SIGTERM)  # as a service manager does to all of a group
    run.line("begins to leave")

    assert run.end() == 0
    assert "left nothing" in run.output


def test_one_that_is_killed_is_started_again(site, start):
    run = start("run", "--port", "0", "--process", "consume orders")
    pid = int(run.line(r"consumes orders in (\d+)")[1])
    os.kill(pid, signal.SIGKILL)
    run.line(r"consume orders \(pid \d+\): it was killed by SIGKILL; it is replaced")

    assert int(run.line(r"consumes orders in (\d+)")[1]) != pid
    assert run.end() == 0


def test_a_reload_replaces_it_after_the_old_one_has_ended(site, start):
    run = start("run", "--port", "0", "--process", "consume orders")
    run.line("consumes orders")
    (site / "app.py").write_text(APP.replace("consumes {queue}", "now consumes {queue}"))
    run.process.send_signal(signal.SIGHUP)
    run.line("left orders")

    run.line("now consumes orders")
    assert run.end() == 0


def test_one_that_ends_is_told_and_tried_again_after_a_pause(site, start):
    run = start("run", "--port", "0", "--process", "once 3")

    run.line(r"once 3 \(pid \d+\): it ended with exit code 3; it is replaced in 0.1 s")
    run.line(r"once 3 \(pid \d+\): it ended with exit code 3; it is replaced in 0.2 s")
    assert run.end() == 0


def test_a_command_that_is_none_is_told_before_anybody_serves(site, start):
    run = start("run", "--port", "0", "--process", "consum orders")

    assert run.end(None) == 1
    assert "[cli.no-command] the app has no command 'consum'" in run.output
    assert "name one of: consume, careful, reloads, once" in run.output


def test_migrations_are_no_command_of_the_app_and_go_before_or_by_a_setting():
    app = App()
    app.build()

    with pytest.raises(GambrelError) as told:
        prepare(app, "db up")

    assert "`gambrel db up` goes before this command" in told.value.hint
    assert told.value.where == "--before or --process 'db up'"


def test_without_commands_none_can_be_named():
    app = App()
    app.build()

    with pytest.raises(GambrelError, match=r"\(none\)"):
        prepare(app, "")
