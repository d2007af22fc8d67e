import asyncio

import pytest
from sqlalchemy import MetaData, select, text
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import App, Request, Response, ResponseHeaders
from gambrel.db import AsyncSession, Database, Model, Retries
from gambrel.db.retries import mark_for_retry
from gambrel.testing import AsyncClient, make_request

pytestmark = pytest.mark.service("postgres")


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Account(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[int] = mapped_column(default=100)


def make_app(url: str, attempts: int) -> tuple[App, list[int]]:
    app = App(extensions=[Database(url, create=True, metadata=Base.metadata)])
    calls: list[int] = []
    both = asyncio.Barrier(2)

    @app.post("/accounts")
    async def create(db: AsyncSession) -> None:
        db.add_all([Account(id=1), Account(id=2)])

    @app.post("/move", middleware=[Retries(attempts)])
    async def move(amount: dict[str, int], db: AsyncSession, headers: ResponseHeaders) -> int:
        calls.append(amount["by"])
        headers.add("x-attempt", str(len(calls)))
        await db.execute(text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
        total = sum(await db.scalars(select(Account.amount)))
        if len(calls) <= 2:
            await both.wait()
        account = await db.get_or_404(Account, amount["id"])
        account.amount -= amount["by"]
        return total

    @app.get("/total")
    async def total(db: AsyncSession) -> int:
        return sum(await db.scalars(select(Account.amount)))

    return app, calls


def run(url: str, attempts: int) -> tuple[list[int], list[list[str]], int]:
    app, calls = make_app(url, attempts)

    async def main() -> tuple[list[int], list[list[str]], int]:
        async with AsyncClient(app, raise_server_errors=False) as client:
            await client.post("/accounts")
            moves = [client.post("/move", json={"id": n, "by": 10}) for n in (1, 2)]
            answers = await asyncio.gather(*moves)
            told = [answer.headers.get_list("x-attempt") for answer in answers]
            total = (await client.get("/total")).json()
            return sorted(answer.status_code for answer in answers), told, total

    statuses, told, total = asyncio.run(main())
    assert len(calls) == 1 + attempts if attempts < 3 else len(calls) >= 3
    return statuses, told, total


def test_a_failure_of_serialisation_is_tried_again_where_a_route_says_so(postgres):
    statuses, told, total = run(postgres, 3)

    assert statuses == [200, 200]
    assert {len(attempts) for attempts in told} == {1}  # what a failed attempt has said is gone
    assert total == 180


def test_without_it_the_client_may_try_again(postgres):
    statuses, _, total = run(postgres, 1)

    assert statuses == [200, 503]
    assert total == 190


def test_every_attempt_finds_the_state_of_its_request_as_it_was():
    """A message of the first one is not shown twice."""
    request, found = make_request(), []
    request.state.before = 1

    async def attempt(request: Request) -> Response:
        found.append(dict(vars(request.state)))
        request.state.left = True
        if len(found) == 1:
            mark_for_retry(request)
        return Response(b"")

    asyncio.run(Retries()(request, attempt))

    assert found == [{"before": 1}, {"before": 1}]
