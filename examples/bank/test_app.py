"""Money is neither made nor lost; the same where `GAMBREL_DATABASE_URL` names another database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from bank.app import create_app

from gambrel import App
from gambrel.db.testing import rolled_back
from gambrel.testing import Client


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAMBREL_INSTANCE", str(tmp_path_factory.mktemp("instance")))
        yield create_app()


@pytest.fixture
def client(app: App) -> Iterator[Client]:
    with Client(app) as client, rolled_back(app):
        yield client


def opened(client: Client, balance: int = 0) -> int:
    number: int = client.post("/accounts", json={"owner": "A", "balance": balance}).json()["id"]
    return number


def transfer(
    client: Client, source: int, target: int, amount: int, number: UUID | None = None
) -> int:
    sent = {"source": source, "target": target, "amount": amount}
    return int(client.put(f"/transfers/{number or uuid4()}", json=sent).status_code)


def balance(client: Client, account: int) -> int:
    return int(client.get(f"/accounts/{account}").json()["balance"])


def test_money_moves(client):
    ada, bob = opened(client, 100), opened(client)

    assert transfer(client, ada, bob, 30) == 201

    assert (balance(client, ada), balance(client, bob)) == (70, 30)


def test_a_transfer_that_is_asked_for_again_is_made_once(client):
    ada, bob, number = opened(client, 100), opened(client), uuid4()

    assert [transfer(client, ada, bob, 30, number) for _ in range(3)] == [201, 200, 200]

    assert balance(client, bob) == 30
    assert client.get(f"/transfers/{number}").json()["amount"] == 30


def test_a_number_stands_for_one_transfer(client):
    ada, bob, number = opened(client, 100), opened(client), uuid4()
    transfer(client, ada, bob, 30, number)

    assert transfer(client, ada, bob, 31, number) == 409
    assert transfer(client, bob, ada, 30, number) == 409

    assert balance(client, bob) == 30


def test_an_account_gives_what_it_has(client):
    ada, bob = opened(client, 100), opened(client)

    assert transfer(client, ada, bob, 101) == 409

    assert (balance(client, ada), balance(client, bob)) == (100, 0)


def test_nobody_transfers_to_nobody(client):
    ada = opened(client, 100)

    assert transfer(client, ada, 2**31 - 1, 30) == 404
    assert transfer(client, ada, ada, 30) == 409
    assert transfer(client, ada, ada + 1, -30) == 422

    assert balance(client, ada) == 100


def test_the_books_are_balanced_while_many_transfer_both_ways(tmp_path, monkeypatch):
    monkeypatch.setenv("GAMBREL_INSTANCE", str(tmp_path))
    with Client(create_app()) as client:
        before = client.get("/books").json()
        ada, bob = opened(client, 1000), opened(client, 1000)

        def back_and_forth(number: int) -> int:
            there = (ada, bob) if number % 2 else (bob, ada)
            return transfer(client, *there, number)

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(back_and_forth, range(1, 41)))

        after = client.get("/books").json()
        assert set(answers) == {201}
        assert after["total"] == before["total"] + 2000
        assert after["transfers"] == before["transfers"] + 40
        assert balance(client, ada) == 1000 + 20
