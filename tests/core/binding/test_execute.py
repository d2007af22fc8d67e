"""The unit of work of a request, state by state: docs/decisions/0012-unit-of-work.md."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Annotated, Any

import msgspec
import pytest

from gambrel.conversion.errors import GambrelError
from gambrel.core.app.app import App
from gambrel.core.binding.markers import Body, Depends, Header
from gambrel.core.http.errors import Forbidden, NotFound
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response, Stream
from tests.core.harness import Answer, Pieces, ask, make_request, read

person: ContextVar[str] = ContextVar("person", default="nobody")


class Item(msgspec.Struct):
    name: str


class Broken(Exception): ...


class Journal(list[str]):
    """What happened, in order."""

    def dependency(
        self, name: str, *, is_sync: bool = False, fails: str = ""
    ) -> Callable[..., Any]:
        """Return a generator that writes down when it opens and closes, and with which error."""

        def note(event: str) -> None:
            self.append(f"{name} {event}")
            if fails == event:
                raise Broken(name)

        async def opened() -> AsyncIterator[str]:
            await asyncio.sleep(0)
            note("open")
            try:
                yield name
            except BaseException as error:
                note(f"sees {type(error).__name__}")
                raise
            else:
                await asyncio.sleep(0)
                note("commit")
            finally:
                note("close")

        def opened_in_thread() -> Iterator[str]:
            note("open")
            try:
                yield name
            except BaseException as error:
                note(f"sees {type(error).__name__}")
                raise
            else:
                note("commit")
            finally:
                note("close")

        return opened_in_thread if is_sync else opened


@pytest.fixture
def journal() -> Journal:
    return Journal()


def app_of(handler: Callable[..., Any], **options: Any) -> App:
    app = App()
    app.add("/", handler, ["GET", "POST"], **options)
    return app


async def once(app: App, request: Request, journal: Journal) -> Answer:
    """Answer one request as an edge does, and write down when head and body are sent."""
    response = await app.respond(request)
    journal.append("head sent")
    answer = await read_body(response, journal)
    await response.close()
    return answer


async def read_body(response: Response, journal: Journal) -> Answer:
    body: Any = response.body
    if not isinstance(body, bytes):
        body = b"".join([piece async for piece in body])
    journal.append("body sent")
    return Answer(response.status, list(response.headers.pairs()), body)


def run_once(app: App, journal: Journal, *rest: Any, **content: Any) -> Answer:
    async def main() -> Answer:
        async with app.running():
            return await once(app, make_request(app, *rest, **content), journal)

    return asyncio.run(main())


# The states, in order -------------------------------------------------------------------------


@pytest.mark.parametrize("is_sync", [False, True])
def test_generators_close_in_reverse_before_the_head_or_after_the_body(journal, is_sync):
    first = journal.dependency("first", is_sync=is_sync)
    late = journal.dependency("late", is_sync=is_sync)
    last = journal.dependency("last", is_sync=is_sync)

    class Told(msgspec.Struct):
        text: str

        def __post_init__(self) -> None:
            journal.append("handler returns")

    async def handle(
        first: Annotated[str, Depends(first)],
        late: Annotated[str, Depends(late, exit="after")],
        last: Annotated[str, Depends(last)],
    ) -> Told:
        return Told(first + late + last)

    answer = run_once(app_of(handle), journal)

    assert answer.body == b'{"text":"firstlatelast"}'
    assert journal == [
        "first open",
        "late open",
        "last open",
        "handler returns",
        "last commit",
        "last close",
        "first commit",
        "first close",
        "head sent",
        "body sent",
        "late commit",
        "late close",
    ]


def test_the_answer_is_encoded_before_generators_close(journal):
    session = journal.dependency("session")

    async def handle(session: Annotated[str, Depends(session)]):
        return {"odd": object()}

    answer = run_once(app_of(handle), journal)

    assert answer.status == 500
    assert journal[:3] == ["session open", journal[1], "session close"]
    assert journal[1].startswith("session sees")


def test_a_failing_commit_is_an_error(journal):
    session = journal.dependency("session", fails="commit")
    late = journal.dependency("late")

    async def handle(
        late: Annotated[str, Depends(late, exit="after")],
        session: Annotated[str, Depends(session)],
    ) -> str:
        return "saved"

    answer = run_once(app_of(handle), journal)

    assert answer.status == 500
    assert journal == [
        "late open",
        "session open",
        "session commit",
        "session close",
        "late sees Broken",
        "late close",
        "head sent",
        "body sent",
    ]


def test_an_answer_that_is_given_up_is_closed(journal):
    session = journal.dependency("session", fails="commit")

    async def pieces() -> AsyncIterator[bytes]:
        yield b""

    async def handle(session: Annotated[str, Depends(session)]) -> Response:
        response = Stream(pieces())
        response.on_close(lambda: journal.append("given up"))
        return response

    run_once(app_of(handle), journal)

    assert journal.index("given up") < journal.index("head sent")


def test_after_the_head_nothing_changes_the_status(journal):
    late = journal.dependency("late", fails="commit")

    async def handle(late: Annotated[str, Depends(late, exit="after")]) -> str:
        return "sent"

    async def main() -> Answer:
        async with app.running():
            response = await app.respond(make_request(app))
            answer = await read_body(response, journal)
            with pytest.raises(ExceptionGroup) as caught:
                await response.close()
            assert isinstance(caught.value.exceptions[0], Broken)
            return answer

    app = app_of(handle)

    assert asyncio.run(main()).body == b"sent"


def test_a_stream_runs_after_its_dependencies_have_closed(journal):
    session = journal.dependency("session")

    async def handle(session: Annotated[str, Depends(session)]) -> AsyncIterator[str]:
        journal.append("streams")
        yield session

    assert run_once(app_of(handle), journal).body == b"session"
    assert journal == [
        "session open",
        "session commit",
        "session close",
        "head sent",
        "streams",
        "body sent",
    ]


def test_late_exits_survive_a_middleware_that_answers_with_a_response_of_its_own(journal):
    late = journal.dependency("late")

    async def handle(late: Annotated[str, Depends(late, exit="after")]) -> str:
        return "inner"

    async def replace(request: Request, call_next: Any) -> Response:
        await call_next(request)
        await call_next(request)
        return Response("outer")

    app = app_of(handle)
    app.middleware(replace)

    assert run_once(app, journal).body == b"outer"
    assert journal == [
        "late open",
        "late open",
        "head sent",
        "body sent",
        "late commit",
        "late close",
        "late commit",
        "late close",
    ]


# Errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_sync", [False, True])
@pytest.mark.parametrize("error", [NotFound("gone"), Broken()], ids=["http", "other"])
def test_generators_see_the_error_of_the_handler(journal, is_sync, error):
    outer, inner = journal.dependency("outer"), journal.dependency("inner", is_sync=is_sync)

    async def handle(
        outer: Annotated[str, Depends(outer)], inner: Annotated[str, Depends(inner)]
    ) -> str:
        raise error

    answer = run_once(app_of(handle), journal)

    name = type(error).__name__
    assert answer.status == (404 if name == "NotFound" else 500)
    assert journal == [
        "outer open",
        "inner open",
        f"inner sees {name}",
        "inner close",
        f"outer sees {name}",
        "outer close",
        "head sent",
        "body sent",
    ]


def test_what_was_opened_before_a_dependency_that_fails_is_closed(journal):
    session = journal.dependency("session")

    def guard() -> None:
        raise Forbidden("not you")

    async def handle(
        session: Annotated[str, Depends(session)], guard: Annotated[None, Depends(guard)]
    ) -> str:
        journal.append("handler")
        return ""

    assert run_once(app_of(handle), journal).status == 403
    assert journal[:3] == ["session open", "session sees Forbidden", "session close"]
    assert "handler" not in journal


def test_a_generator_may_raise_another_error(journal):
    async def translated() -> AsyncIterator[None]:
        try:
            yield
        except Broken:
            raise NotFound("translated") from None

    async def handle(_: Annotated[None, Depends(translated)]) -> str:
        raise Broken

    assert run_once(app_of(handle), journal).status == 404


def test_a_generator_that_swallows_the_error_is_named(journal, caplog):
    async def careless() -> AsyncIterator[None]:
        try:
            yield
        except Broken:
            journal.append("swallowed")

    async def handle(_: Annotated[None, Depends(careless)]) -> str:
        raise Broken

    answer = run_once(app_of(handle), journal)

    assert answer.status == 500
    assert "binding.swallowed" in caplog.text


# Cancellation ---------------------------------------------------------------------------------


def sweeping_app(journal: Journal) -> App:
    outer = journal.dependency("outer")
    inner = journal.dependency("inner", is_sync=True)
    late = journal.dependency("late")

    async def plain() -> int:
        await asyncio.sleep(0)
        return 1

    async def handle(
        outer: Annotated[str, Depends(outer)],
        plain: Annotated[int, Depends(plain, max_concurrency=1)],
        item: Item,
        inner: Annotated[str, Depends(inner)],
        late: Annotated[str, Depends(late, exit="after")],
    ) -> Item:
        await asyncio.sleep(0)
        return item

    return app_of(handle)


def test_a_request_cancelled_at_any_await_leaves_nothing_open(journal):
    async def attempt(app: App, step: int) -> bool:
        """Cancel a request after so many turns of the loop; tell whether that was in time."""
        journal.clear()
        body = Pieces(b'{"name":', b'"a"}')
        request = make_request(app, "POST", "/", {"content-type": "application/json"}, body=body)
        task = asyncio.ensure_future(once(app, request, journal))
        for _ in range(step):
            await asyncio.sleep(0)
        is_early = task.cancel()
        await asyncio.wait([task])
        await app.pipeline.close()  # who waits for a thread cleans up after the answer
        assert is_early or task.result().status == 200
        return is_early

    async def main() -> tuple[int, set[str]]:
        seen: set[str] = set()
        app, step = sweeping_app(journal), 0
        async with app.running():
            while await attempt(app, step):
                opened = [event for event in journal if event.endswith("open")]
                closed = [event for event in journal if event.endswith("close")]
                assert len(opened) == len(closed), (step, list(journal))
                if "head sent" not in journal:
                    assert "outer commit" not in journal or "outer close" in journal
                seen |= set(journal)
                step += 1
            seen |= set(journal)  # of the attempt that came too late to cancel anything
            limit = next(iter(app.providers.kept.limits.values()))
            assert not limit.locked()
            assert asyncio.all_tasks() == {asyncio.current_task()}
        return step, seen

    steps, seen = asyncio.run(main())

    assert steps > 10
    assert {"outer sees CancelledError", "inner open", "late commit"} <= seen


def test_a_thread_that_is_in_the_middle_of_opening_is_waited_for_and_closed(journal):
    gate, entered = threading.Event(), threading.Event()

    def slow() -> Iterator[None]:
        entered.set()
        gate.wait()
        journal.append("open")
        try:
            yield
        finally:
            journal.append("close")

    async def handle(_: Annotated[None, Depends(slow)]) -> str:
        journal.append("handler")
        return ""

    async def main() -> None:
        app = app_of(handle, deadline=0)
        async with app.running():
            task = asyncio.ensure_future(app.respond(make_request(app)))
            await asyncio.to_thread(entered.wait)
            task.cancel()
            asyncio.get_running_loop().call_soon(gate.set)
            with pytest.raises(asyncio.CancelledError):
                await task
        assert journal == ["open", "close"]

    asyncio.run(main())


# Threads and context --------------------------------------------------------------------------


def test_plain_functions_run_in_threads_unless_inline(journal):
    def where() -> int:
        return threading.get_ident()

    def where_now() -> int:
        return threading.get_ident()

    def handle(
        where: Annotated[int, Depends(where)], now: Annotated[int, Depends(where_now, inline=True)]
    ) -> list[bool]:
        here = threading.main_thread().ident
        return [where == here, now == here, threading.get_ident() == here]

    assert run_once(app_of(handle), journal).json() == [False, True, False]


def test_what_an_async_dependency_sets_in_the_context_is_seen_by_handlers_in_threads():
    async def signed_in() -> AsyncIterator[None]:
        token = person.set("ann")
        yield
        person.reset(token)

    def handle(_: Annotated[None, Depends(signed_in)]) -> str:
        return person.get()

    assert ask(app_of(handle)).body == b"ann"


def test_what_a_thread_sets_in_the_context_stays_there():
    def sign_in() -> None:
        person.set("ann")

    async def handle(_: Annotated[None, Depends(sign_in)]) -> str:
        return person.get()

    assert ask(app_of(handle)).body == b"nobody"


def test_a_plain_generator_resets_what_it_has_set_in_the_context():
    seen: list[str] = []

    async def sign_in() -> None:
        person.set("ann")

    def acting(_: Annotated[None, Depends(sign_in)]) -> Iterator[None]:
        token = person.set(f"{person.get()} for bob")
        yield
        seen.append(person.get())
        person.reset(token)
        seen.append(person.get())

    async def handle(_: Annotated[None, Depends(acting)]) -> str:
        return person.get()

    assert ask(app_of(handle)).body == b"ann"
    assert seen[:2] == ["ann for bob", "ann"]


@pytest.mark.parametrize("is_sync", [False, True])
def test_functions_that_are_context_managers_already_are_entered(journal, is_sync):
    made = journal.dependency("made", is_sync=is_sync)
    managed = contextmanager(made) if is_sync else asynccontextmanager(made)

    async def handle(value: Annotated[str, Depends(managed)]) -> str:
        return value

    assert run_once(app_of(handle), journal).body == b"made"
    assert journal[-4:] == ["made commit", "made close", "head sent", "body sent"]


# Scopes ---------------------------------------------------------------------------------------


def test_a_dependency_of_the_app_is_made_once_however_many_ask_at_once(journal):
    engine = journal.dependency("engine")

    async def handle(engine: Annotated[str, Depends(engine, scope="app")]) -> str:
        return engine

    async def main() -> None:
        app = app_of(handle)
        for _ in range(2):
            journal.clear()
            async with app.running():
                await asyncio.gather(*(app.respond(make_request(app)) for _ in range(5)))
                assert journal == ["engine open"]
            assert journal == ["engine open", "engine commit", "engine close"]

    asyncio.run(main())


def test_a_failed_attempt_to_make_it_is_tried_again():
    attempts: list[int] = []

    async def engine() -> str:
        attempts.append(1)
        await asyncio.sleep(0)
        if len(attempts) < 3:
            raise Broken
        return "up"

    async def handle(engine: Annotated[str, Depends(engine, scope="app")]) -> str:
        return engine

    async def main() -> list[int]:
        app = app_of(handle)
        async with app.running():
            answers = [app.respond(make_request(app)) for _ in range(5)]
            return [response.status for response in await asyncio.gather(*answers)]

    assert asyncio.run(main()) == [500, 500, 200, 200, 200]
    assert len(attempts) == 3


def test_a_dependency_of_the_connection_is_shared_by_its_requests(journal):
    line = journal.dependency("line")

    async def handle(line: Annotated[str, Depends(line, scope="connection")]) -> str:
        return line

    async def main() -> None:
        app = app_of(handle)
        async with app.running():
            first, other = make_request(app), make_request(app)
            second = make_request(app)
            second.connection = first.connection
            for request in (first, second, other):
                await read(await app.respond(request))
            assert journal == ["line open", "line open"]
            await first.connection.kept.close()
            await other.connection.kept.close()
        assert journal.count("line close") == 2

    asyncio.run(main())


def test_an_override_makes_its_own_value_of_what_the_app_keeps():
    class Mailer:
        name = "real"

    class Fake(Mailer):
        name = "fake"

    async def handle(mailer: Mailer) -> str:
        return mailer.name

    async def main() -> list[bytes]:
        app = app_of(handle)
        app.provide(Mailer, Mailer, scope="app")
        async with app.running():
            bodies = [(await read(await app.respond(make_request(app)))).body]
            with app.override(Mailer, Fake):
                bodies.append((await read(await app.respond(make_request(app)))).body)
            bodies.append((await read(await app.respond(make_request(app)))).body)
        return bodies

    assert asyncio.run(main()) == [b"real", b"fake", b"real"]


def test_a_limited_dependency_is_held_by_so_many_requests_of_all_routes():
    held, most = 0, 0

    async def scarce() -> AsyncIterator[None]:
        nonlocal held, most
        held += 1
        most = max(most, held)
        await asyncio.sleep(0)
        yield
        held -= 1

    limited = Annotated[None, Depends(scarce, max_concurrency=2)]

    async def one(_: limited) -> str:
        await asyncio.sleep(0)
        return ""

    async def other(_: limited) -> str:
        await asyncio.sleep(0)
        return ""

    async def main() -> None:
        app = App()
        app.add("/one", one)
        app.add("/other", other)
        async with app.running():
            targets = ["/one", "/other"] * 5
            await asyncio.gather(*(app.respond(make_request(app, "GET", t)) for t in targets))

    asyncio.run(main())

    assert (held, most) == (0, 2)


# Faults ---------------------------------------------------------------------------------------


def test_the_faults_of_handler_and_dependencies_are_told_together():
    def token(x_token: Annotated[int, Header()], page: int = 1) -> int: ...
    async def handle(
        token: Annotated[int, Depends(token)], item: Item, limit: int, page: int = 1
    ) -> None: ...

    answer = ask(app_of(handle), "POST", "/?page=x&limit=y", {"x-token": "z"}, json={"name": 3})

    assert answer.status == 422
    assert answer.faults == [
        ("header", "x-token", "type"),
        ("query", "page", "type"),
        ("body", "name", "type"),
        ("query", "limit", "type"),
    ]


def test_the_body_is_read_for_the_faults_in_it_even_if_others_came_first():
    def token(x_token: Annotated[int, Header()]) -> int: ...
    async def handle(token: Annotated[int, Depends(token)], item: Item) -> None: ...

    async def main() -> Answer:
        app = app_of(handle)
        async with app.running():
            body = Pieces(b'{"name"', b":3}")
            headers = {"content-type": "application/json"}
            return await read(await app.respond(make_request(app, "POST", "/", headers, body=body)))

    answer = asyncio.run(main())

    assert answer.faults == [("header", "x-token", "missing"), ("body", "name", "type")]


def test_who_may_not_ask_is_told_so_before_faults_of_the_handler():
    def guard() -> None:
        raise Forbidden

    async def handle(guard: Annotated[None, Depends(guard)], limit: int) -> None: ...

    assert ask(app_of(handle), "GET", "/?limit=x").status == 403


def test_a_dependency_that_reads_no_body_goes_before_the_body_is_read():
    read_pieces: list[int] = []

    class Watched(Pieces):
        async def __aiter__(self):
            read_pieces.append(1)
            yield b"{}"

    def guard() -> None:
        raise Forbidden

    async def handle(guard: Annotated[None, Depends(guard)], item: Item) -> None: ...

    async def main() -> int:
        app = app_of(handle)
        async with app.running():
            return (await app.respond(make_request(app, "POST", body=Watched()))).status

    assert asyncio.run(main()) == 403
    assert read_pieces == []


def test_bodies_of_handler_and_dependencies_are_members_of_one():
    def check(order: Item) -> str:
        return order.name

    async def handle(
        order: Item,
        name: Annotated[str, Depends(check)],
        note: Annotated[str, Body()],
        raw: Annotated[bytes, Body()],
    ) -> list[Any]:
        return [order.name, name, note, len(raw)]

    answer = ask(app_of(handle), "POST", json={"order": {"name": "a"}, "note": "b"})
    bad = ask(app_of(handle), "POST", json={"order": {}})

    assert answer.json() == ["a", "a", "b", 33]
    assert bad.faults == [("body", "order.name", "missing"), ("body", "note", "missing")]


def test_dependencies_of_the_route_and_its_groups_run_and_may_refuse():
    def guard(x_key: Annotated[str, Header()]) -> None:
        if x_key != "k":
            raise Forbidden

    async def handle() -> str:
        return "in"

    app = App(dependencies=[guard])
    app.add("/", handle, dependencies=[Depends(guard)])

    assert ask(app, "GET", "/", {"x-key": "k"}).body == b"in"
    assert ask(app, "GET", "/", {"x-key": "x"}).status == 403
    assert ask(app).faults == [("header", "x-key", "missing")]


# Outside HTTP ---------------------------------------------------------------------------------


def call(app: App, function: Callable[..., Any], **given: Any) -> Any:
    async def main() -> Any:
        async with app.running():
            return await app.call(function, **given)

    return asyncio.run(main())


class Store:
    name = "store"


@pytest.mark.parametrize("is_async", [False, True])
def test_a_function_is_called_with_its_dependencies_where_there_is_no_request(journal, is_async):
    session = journal.dependency("session", is_sync=not is_async)

    async def report(
        month: int, session: Annotated[str, Depends(session)], store: Store, lines: int = 3
    ) -> list[Any]:
        return [month, session, store.name, lines]

    def report_in_thread(
        month: int, session: Annotated[str, Depends(session)], store: Store, lines: int = 3
    ) -> list[Any]:
        return [month, session, store.name, lines]

    app = App()
    app.provide(Store, Store)

    result = call(app, report if is_async else report_in_thread, month=5)

    assert result == [5, "session", "store", 3]
    assert journal == ["session open", "session commit", "session close"]


def test_what_is_given_is_not_asked_of_a_dependency(journal):
    session = journal.dependency("session")

    async def report(session: Annotated[str, Depends(session)], untyped) -> str:
        return session + untyped

    assert call(App(), report, session="mine", untyped="!") == "mine!"
    assert journal == []


def test_what_only_a_request_has_is_asked_for_by_name():
    def page(page: int, size: int = 10) -> int: ...
    async def report(page: Annotated[int, Depends(page)]) -> int: ...
    async def whole(request: Request) -> int: ...

    for function, name in ((report, "'page' of "), (whole, "'request' of ")):
        with pytest.raises(GambrelError, match=r"binding\.no-request") as caught:
            call(App(), function)
        assert name in caught.value.what


def test_the_error_of_a_called_function_closes_its_dependencies(journal):
    session = journal.dependency("session")

    async def report(session: Annotated[str, Depends(session)]) -> None:
        raise Broken

    with pytest.raises(Broken):
        call(App(), report)

    assert journal == ["session open", "session sees Broken", "session close"]
