import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Protocol

import msgspec
import pytest

from gambrel.conversion.errors import GambrelError
from gambrel.core.app.app import App
from gambrel.core.binding.markers import Body, Depends, Form, Header, Query
from gambrel.core.binding.plan import Plan
from gambrel.core.http.bodies.forms import Upload
from gambrel.core.http.errors import BadRequest, ContentTooLarge, Unprocessable
from gambrel.core.http.headers import Headers
from gambrel.core.http.request import ClientGone, Request
from gambrel.core.http.response import Response
from tests.core.harness import Answer, Pieces, ask, make_request, read


class Item(msgspec.Struct):
    name: str


class Other(msgspec.Struct):
    name: str


class Service: ...


class Port(Protocol):
    def send(self) -> None: ...


def app_of(handler: Callable[..., Any], path: str = "/", **options: Any) -> App:
    app = App()
    app.add(path, handler, ["GET", "POST"], **options)
    return app


def plan_of(handler: Callable[..., Any], path: str = "/", **options: Any) -> Plan:
    return app_of(handler, path, **options).routes[0].endpoint.plan


def refusal(handler: Callable[..., Any], path: str = "/", **options: Any) -> GambrelError:
    with pytest.raises(GambrelError) as caught:
        app_of(handler, path, **options).build()
    return caught.value


# Refused at start-up, with the place ----------------------------------------------------------


@pytest.mark.parametrize("kind", [Service, Port, Service | None], ids=str)
def test_a_type_that_nothing_provides_and_no_text_can_be_is_refused(kind):
    def handle(service): ...

    handle.__annotations__["service"] = kind

    error = refusal(handle)

    assert error.code == "binding.no-provider"
    assert "'service' of " in error.what
    assert "test_plan.py" in error.where


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[Service, Query()],
        Annotated[Item, Header(alias="x")] | int,
        list[Service],
        set[list[int]],
        5,
        Annotated[Service, Body()],
        Annotated[Callable[[], int], Body()],
    ],
    ids=str,
)
def test_a_type_that_cannot_be_bound_is_refused_with_its_parameter_and_place(annotation):
    def handle(value): ...

    handle.__annotations__["value"] = annotation

    error = refusal(handle)

    assert "'value' of " in error.what
    assert "test_plan.py" in error.where


def test_what_a_dependency_cannot_bind_is_refused_as_well():
    def service(port: Port) -> int: ...
    def handle(service: Annotated[int, Depends(service)]): ...

    error = refusal(handle)

    assert error.code == "binding.no-provider"
    assert " → " in error.where


def test_one_member_of_a_body_has_one_type():
    def check(item: Other) -> int: ...
    def handle(item: Item, check: Annotated[int, Depends(check)]): ...

    error = refusal(handle)

    assert error.code == "binding.two-bodies"
    assert "both Other and, for " in error.what


def test_the_same_body_in_handler_and_dependency_is_one():
    def check(item: Item) -> str:
        return item.name

    async def handle(item: Item, name: Annotated[str, Depends(check)]) -> str:
        return name + item.name

    assert ask(app_of(handle), "POST", json={"name": "a"}).body == b"aa"


# What is read before binding ------------------------------------------------------------------


def nothing(q: int): ...
def body(item: Item): ...
def raw(content: Annotated[bytes, Body()]): ...
def form(name: Annotated[str, Form()]): ...
def upload(file: Upload): ...
def by_dependency(item: Annotated[int, Depends(body)]): ...


@pytest.mark.parametrize(
    ("handler", "reads_body", "reads_form", "takes_files"),
    [
        (nothing, False, False, False),
        (body, True, False, False),
        (raw, True, False, False),
        (form, True, True, False),
        (upload, True, True, True),
        (by_dependency, True, False, False),
    ],
)
def test_a_plan_knows_what_has_to_be_read(handler, reads_body, reads_form, takes_files):
    plan = plan_of(handler)

    assert (plan.reads_body, plan.reads_form, plan.takes_files) == (
        reads_body,
        reads_form,
        takes_files,
    )


async def coroutine(): ...
def plain(): ...
async def with_plain(_: Annotated[int, Depends(plain)]): ...
async def with_inline(_: Annotated[int, Depends(plain, inline=True)]): ...
async def with_class(_: Annotated[Service, Depends(Service)]): ...


@pytest.mark.parametrize(
    ("handler", "options", "expected"),
    [
        (coroutine, {}, False),
        (plain, {}, True),
        (plain, {"inline": True}, False),
        (with_plain, {}, True),
        (with_inline, {}, False),
        (with_class, {}, False),
    ],
)
def test_a_plan_knows_whether_a_thread_works_for_it(handler, options, expected):
    assert plan_of(handler, **options).uses_threads is expected


@pytest.mark.parametrize(
    ("kind", "expected"), [(Response, True), (Request, True), (Headers, False)]
)
def test_only_who_has_the_response_in_hand_may_draft_it(kind, expected):
    def handle(value): ...

    handle.__annotations__["value"] = kind

    assert plan_of(handle).has_draft is expected


# Diagnosis ------------------------------------------------------------------------------------


async def many(a: int, item: Item, b: int, c: Annotated[int, Header()] = 1) -> str:
    return ""


def test_all_faults_are_told_at_once_in_the_order_of_parameters():
    answer = ask(app_of(many), "POST", "/?a=x&b=y", {"c": "z"}, json={})

    assert answer.status == 422
    assert answer.faults == [
        ("query", "a", "type"),
        ("body", "name", "missing"),
        ("query", "b", "type"),
        ("header", "c", "type"),
    ]


def test_a_fault_points_at_its_place():
    def handle(tags: list[int], item: Item): ...

    answer = ask(app_of(handle), "POST", "/?tags=1&tags=x", json={"name": 1})

    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/tags/1", "/name"]


@pytest.mark.parametrize(
    ("target", "content", "status"),
    [
        ("/?a=x", {"body": b"{", "headers": {"content-type": "application/json"}}, 400),
        ("/?a=x", {"body": b"{}", "headers": {"content-type": "text/plain"}}, 415),
        ("/?a=%FF", {"json": {}}, 400),
        ("/?a=%FF", {"body": b"{}", "headers": {"content-type": "text/plain"}}, 400),
    ],
)
def test_what_is_wrong_with_the_whole_request_goes_before_single_faults(target, content, status):
    assert ask(app_of(many), "POST", target, **content).status == status


@pytest.mark.parametrize(
    ("problem", "status"), [(ContentTooLarge("x"), 413), (BadRequest("cut off"), 400)]
)
@pytest.mark.parametrize("handler", [many, form])
def test_a_body_that_cannot_be_had_is_the_error_whatever_else_is_wrong(problem, status, handler):
    media_type = "application/json" if handler is many else "application/x-www-form-urlencoded"

    async def main() -> Answer:
        app = app_of(handler)
        async with app.running():
            request = make_request(
                app, "POST", "/?a=x", {"content-type": media_type}, body=Pieces(b"{", problem)
            )
            return await read(await app.respond(request))

    assert asyncio.run(main()).status == status


def test_a_client_that_left_is_no_fault_of_the_request(caplog):
    async def main() -> None:
        app = app_of(many)
        async with app.running():
            body = Pieces(b"{", ClientGone("gone"))
            request = make_request(
                app, "POST", "/", {"content-type": "application/json"}, body=body
            )
            await app.respond(request)

    asyncio.run(main())

    assert caplog.text == ""


def test_an_error_that_no_input_explains_is_kept():
    plan, error = plan_of(nothing), KeyError("a bug")

    async def main() -> Exception:
        return plan.diagnose(make_request(None, "GET", "/?q=1"), error)

    assert asyncio.run(main()) is error


def test_a_fault_that_several_find_is_told_once():
    def check(page: int) -> int: ...
    def handle(page: int, check: Annotated[int, Depends(check)]): ...

    assert ask(app_of(handle), "GET", "/?page=x").faults == [("query", "page", "type")]


def test_a_type_that_raises_while_it_is_made_is_the_clients_fault():
    class Even(msgspec.Struct):
        n: int

        def __post_init__(self) -> None:
            if self.n % 2:
                raise ValueError("must be even")

    async def handle(even: Even) -> None: ...

    answer = ask(app_of(handle), "POST", json={"n": 1})
    assert answer.status == 422
    assert answer.json()["errors"][0]["message"] == "must be even"


def test_faults_take_the_place_of_the_error_that_led_to_them():
    plan = plan_of(nothing)

    async def main() -> Exception:
        return plan.diagnose(make_request(None, "GET", "/?q=x"), ValueError())

    assert isinstance(asyncio.run(main()), Unprocessable)
