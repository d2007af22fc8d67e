import asyncio
import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from gambrel.core.app.app import App
from gambrel.core.http.errors import GambrelError
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response, Stream
from gambrel.server.entry.socket_file import listen_on_path
from gambrel.server.limits import Limits
from gambrel.server.listen import listen_on_port
from gambrel.server.serve import Server, loop_factory, new_event_loop, serve
from gambrel.server.tls import tls_context
from gambrel.streams.events import EventStream
from tests.server.apps import echo_app
from tests.server.live import CLOSE, PATIENCE, Answer, Client, request, run, serving, until

every_loop = pytest.mark.usefixtures("every_loop")


@every_loop
def test_stopping_lets_requests_in_flight_end_and_takes_no_new_ones():
    async def main() -> tuple[str, bytes, bool]:
        go = asyncio.Event()
        app = App()

        @app.get("/")
        async def slow() -> str:
            await go.wait()
            return "finished"

        async with serving(app) as live, await live.connect() as client:
            await client.send(request("GET", "/"))
            await until(lambda: live.state.pending)
            live.server.stop()
            await until(lambda: live.state.is_draining)
            refused = False
            try:
                await (await live.connect()).send(request("GET", "/"))
            except OSError:
                refused = True
            go.set()
            answer = await client.answer()
            return answer["connection"], answer.body, refused

    assert run(main()) == ("close", b"finished", True)


@every_loop
def test_stopping_answers_what_comes_on_an_idle_connection_once_more():
    async def main() -> tuple[Answer, bytes]:
        app, _ = echo_app()
        async with serving(app) as live, await live.connect() as client:
            await client.send(request("GET", "/"))
            await client.answer()
            live.server.stop()
            await until(lambda: live.state.is_draining)
            await client.send(request("GET", "/"))
            return await client.answer(), await client.rest()

    answer, rest = run(main())

    assert (answer.status, answer.body, answer["connection"], rest) == (200, b"root", "close", b"")


@every_loop
def test_stopping_closes_idle_connections_after_a_moment():
    async def main() -> bytes:
        app, _ = echo_app()
        limits = Limits(idle_grace=0.01)
        async with serving(app, limits) as live, await live.connect() as client:
            await client.send(request("GET", "/"))
            await client.answer()
            live.server.stop()
            return await client.rest()

    assert run(main()) == b""


@every_loop
def test_a_request_sent_on_a_new_connection_while_stopping_is_answered():
    async def main() -> tuple[int, bytes]:
        app, _ = echo_app()
        limits = Limits(idle_grace=0)
        async with (
            serving(app, limits) as live,
            await live.connect() as asking,
            await live.connect() as silent,
        ):
            live.server.stop()
            await asking.send(request("GET", "/"))
            answer = await asking.answer()
            return answer.status, await silent.rest()

    assert run(main()) == (200, b"")


@every_loop
def test_stopping_ends_streams_of_events_and_waits_for_others(monkeypatch):
    monkeypatch.setattr("gambrel.server.serve._EVENTS_LAST", 0.05)
    told: list[tuple[int, float]] = []
    log: list[str] = []

    async def main() -> tuple[bytes, bytes]:
        go = asyncio.Event()
        app = App()

        async def forever() -> AsyncIterator[str]:
            try:
                yield "one"
                await asyncio.Event().wait()
            finally:
                log.append("ended")

        async def pieces() -> AsyncIterator[bytes]:
            yield b"one"
            await go.wait()

        @app.get("/events")
        async def events() -> EventStream:
            return EventStream(forever())

        @app.get("/slow")
        async def slow() -> Response:
            return Stream(pieces())

        async with (
            serving(app, waiting=lambda *given: told.append(given)) as live,
            await live.connect() as listening,
            await live.connect() as reading,
        ):
            for client, path in ((listening, "/events"), (reading, "/slow")):
                await client.send(request("GET", path))
                await client.head()
            first = await listening.chunk()
            live.server.stop()
            rest = await listening.rest()
            go.set()
            return first + rest, await reading.rest()

    assert run(main()) == (b"data: one\n\n", b"3\r\none\r\n0\r\n\r\n")
    assert log == ["ended"]
    assert told == [(2, 25.0)]


@every_loop
def test_stopping_lets_a_stream_and_a_body_in_progress_end():
    async def main() -> tuple[bytes, bytes]:
        go = asyncio.Event()
        app, _ = echo_app()

        @app.get("/slow")
        async def slow() -> Response:
            async def pieces() -> AsyncIterator[bytes]:
                yield b"one"
                await go.wait()
                yield b"two"

            return Stream(pieces())

        async with (
            serving(app) as live,
            await live.connect() as reading,
            await live.connect() as sending,
        ):
            await reading.send(request("GET", "/slow"))
            await reading.head()
            await sending.send(request("POST", "/echo", b"Content-Length: 4\r\n") + b"bo")
            await until(lambda: len(live.state.tasks) == 2)
            live.server.stop()
            await until(lambda: live.state.is_draining)
            await sending.send(b"dy")
            go.set()
            return await reading.rest(), (await sending.answer()).body

    streamed, echoed = run(main())

    assert streamed == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
    assert echoed == b"body"


@every_loop
@pytest.mark.parametrize("is_hastened", [True, False])
def test_after_the_grace_or_a_stop_now_what_is_left_is_cancelled(is_hastened):
    async def main() -> list[str]:
        events: list[str] = []
        app = App()

        @app.post("/")
        async def endless() -> str:
            events.append("started")
            try:
                await asyncio.sleep(PATIENCE * 10)
            except asyncio.CancelledError:
                events.append("cancelled")
                raise
            return ""

        limits = Limits(shutdown_grace=PATIENCE * 10 if is_hastened else 0.1)
        async with serving(app, limits) as live, await live.connect() as client:
            await client.send(request("POST", "/"))
            await until(lambda: events)
            live.server.stop()
            if is_hastened:
                await until(lambda: live.state.is_draining)
                live.server.stop(now=True)
            assert await client.rest() == b""
        return events

    assert run(main()) == ["started", "cancelled"]


@every_loop
def test_a_stop_that_is_asked_for_again_still_waits_for_requests_in_flight():
    async def main() -> bytes:
        started, go = asyncio.Event(), asyncio.Event()
        app = App()

        @app.post("/")
        async def slow() -> str:
            started.set()
            await go.wait()
            return "done"

        async with serving(app) as live, await live.connect() as client:
            await client.send(request("POST", "/"))
            await started.wait()
            live.server.stop()
            await until(lambda: live.state.is_draining)
            live.server.stop()
            live.state.loop.call_later(0.1, go.set)
            return (await client.answer()).body

    assert run(main()) == b"done"


@every_loop
def test_the_app_closes_after_the_last_answer():
    async def main() -> list[str]:
        events: list[str] = []
        go = asyncio.Event()
        app = App()

        @app.lifespan
        async def life() -> AsyncIterator[None]:
            events.append("open")
            yield
            events.append("closed")

        @app.get("/")
        async def slow() -> str:
            await go.wait()
            events.append("answered")
            return ""

        async with serving(app) as live, await live.connect() as client:
            await client.send(request("GET", "/"))
            await until(lambda: live.state.pending)
            live.server.stop()
            go.set()
            await client.answer()
        return events

    assert run(main()) == ["open", "answered", "closed"]


def test_signals_stop_and_are_given_back():
    async def main() -> bool:
        loop = asyncio.get_running_loop()
        app, _ = echo_app()

        def ready() -> None:
            loop.call_soon(os.kill, os.getpid(), signal.SIGTERM)

        await serve(app, listen_on_port("127.0.0.1", 0), ready=ready)
        return loop.remove_signal_handler(signal.SIGTERM)

    assert run(main()) is False


def test_an_app_that_does_not_start_is_an_error_with_its_cause():
    app = App()

    @app.lifespan
    async def database() -> AsyncIterator[None]:
        raise ConnectionRefusedError("no database at db:5432")
        yield

    with pytest.raises(GambrelError) as failure:
        run(serve(app, listen_on_port("127.0.0.1", 0)))

    assert failure.value.code == "server.start-up"
    assert "no database at db:5432" in failure.value.what
    assert "database" in failure.value.where
    assert isinstance(failure.value.__cause__, ConnectionRefusedError)


@every_loop
def test_an_app_is_served_on_a_unix_socket(tmp_path):
    async def main() -> bytes:
        app, _ = echo_app()
        path = tmp_path / "app.sock"
        with listen_on_path(path) as listener:
            server = Server(app, listener)
            ready = asyncio.Event()
            running = asyncio.create_task(server.run(ready.set))
            await asyncio.wait_for(ready.wait(), PATIENCE)
            async with Client(*await asyncio.open_unix_connection(str(path))) as client:
                await client.send(request("GET", "/", CLOSE))
                received = await client.rest()
            server.stop()
            await asyncio.wait_for(running, PATIENCE)
            assert path.is_socket()  # whoever has made it removes it, not the loop
        return received

    assert run(main()).endswith(b"root")


PROGRAM = """
import sys
from gambrel.core.app.app import App
from gambrel.server.listen import adopt_descriptor
from gambrel.server.serve import run

app = App()

@app.get("/")
async def root() -> str:
    return "served"

run(app, adopt_descriptor(int(sys.argv[1])), ready=lambda: print("ready", flush=True))
"""


def test_a_process_serves_a_socket_it_was_given_until_sigterm():
    with listen_on_port("127.0.0.1", 0) as listener:
        command = [sys.executable, "-c", PROGRAM, str(listener.fileno())]
        with subprocess.Popen(
            command, pass_fds=[listener.fileno()], stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
                with socket.create_connection(listener.getsockname(), PATIENCE) as client:
                    client.sendall(request("GET", "/", CLOSE))
                    received = b"".join(iter(lambda: client.recv(65_536), b""))
                process.send_signal(signal.SIGTERM)
                assert process.wait(PATIENCE) == 0
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()

    assert received.endswith(b"served")


FORKING = """
import os
from gambrel.core.app.app import App
from gambrel.server.listen import listen_on_port
from gambrel.server.serve import run

app = App()

@app.get("/")
async def who() -> int:
    return os.getpid()

listener = listen_on_port("127.0.0.1", 0)
print(listener.getsockname()[1], flush=True)
children = []
for _ in range(2):
    child = os.fork()
    if not child:
        run(app, listener, ready=lambda: os.write(1, b"%d\\n" % os.getpid()))  # in one piece
        os._exit(0)
    children.append(child)
print(*[os.waitpid(child, 0)[1] for child in children], flush=True)
"""


def test_processes_that_a_program_forks_by_itself_serve_the_same_socket():
    command = [sys.executable, "-c", FORKING]
    group = {"process_group": 0, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **group) as process:
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            pids = {int(process.stdout.readline()) for _ in range(2)}
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
                client.sendall(request("GET", "/", CLOSE))
                received = b"".join(iter(lambda: client.recv(65_536), b""))
            for pid in pids:
                os.kill(pid, signal.SIGTERM)
            codes = process.stdout.readline()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    assert len(pids) == 2
    assert int(received.rpartition(b"\r\n")[2]) in pids
    assert codes == "0 0\n"


@every_loop
def test_several_apps_are_served_at_ports_of_their_own_by_one_program():
    async def main() -> tuple[bytes, bytes]:
        first, second = echo_app()[0], App()

        @second.get("/")
        async def figures() -> str:
            return "figures"

        async with serving(first) as site, serving(second) as beside:
            return (await site.get("/")).body, (await beside.get("/")).body

    assert run(main()) == (b"root", b"figures")


@every_loop
def test_tls_is_told_to_the_request(certificate):
    async def main() -> tuple[bytes, str | None]:
        app = App()

        @app.get("/")
        async def root(request: Request) -> str:
            tls = request.connection.tls
            return f"{request.scheme} {tls['version']}"

        async with serving(app, tls=tls_context(*certificate)) as live:
            trust = ssl.create_default_context(cafile=certificate[0])
            trust.set_alpn_protocols(["h2", "http/1.1"])
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", live.port, ssl=trust, server_hostname="localhost"
            )
            async with Client(reader, writer) as client:
                await client.send(request("GET", "/", CLOSE))
                chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
                return (await client.answer()).body, chosen

    assert run(main()) == (b"https TLSv1.3", "http/1.1")


@every_loop
def test_a_delayed_stop_serves_on_until_its_time_has_come_or_it_is_hastened():
    async def main() -> list[bytes]:
        app, _ = echo_app()
        async with serving(app, Limits(shutdown_delay=PATIENCE * 10)) as live:
            live.server.stop()
            await until(lambda: app.is_draining)
            body = (await live.get("/")).body
            live.server.stop(now=True)
            return [body]

    async def in_time() -> bool:
        app, _ = echo_app()
        async with serving(app, Limits(shutdown_delay=0.01)) as live:
            live.server.stop()
            await until(lambda: live.state.is_draining)
            return bool(app.is_draining)

    assert len(run(main())) == 1
    assert run(in_time())


def test_a_loop_has_a_name_and_one_that_is_not_installed_is_told(monkeypatch):
    assert [loop_factory(name) for name in ("asyncio", "uvloop", "auto")] == [
        asyncio.new_event_loop,
        new_event_loop,
        new_event_loop,
    ]
    monkeypatch.setattr("gambrel.server.serve.make_loop", asyncio.new_event_loop)

    with pytest.raises(GambrelError, match="uvloop is not installed"):
        loop_factory("uvloop")
