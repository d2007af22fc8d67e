import pytest

from gambrel import GambrelError
from gambrel.db.migrations.running.locks import alone
from gambrel.db.migrations.running.opening import connected


@pytest.fixture(params=["large", "maria"])
def server(request):
    return request.getfixturevalue(request.param)


@pytest.mark.service("postgres", "mariadb")
def test_a_second_deployer_waits_and_is_told_who_is_first(server):
    kind = server.address.kind
    with connected(server.address) as first, connected(server.address) as second:
        with alone(first, kind):
            with pytest.raises(GambrelError) as caught, alone(second, kind, 0.1):
                pass
            assert caught.value.code == "db.migrating"
            assert "127.0.0.1" in str(caught.value)

        with alone(second, kind, 0.1):
            pass


@pytest.mark.service("postgres", "mariadb")
def test_the_lock_goes_with_its_connection(server):
    kind = server.address.kind
    with connected(server.address) as second:
        with connected(server.address) as first:
            lock = alone(first, kind)
            lock.__enter__()
            first.invalidate()  # as if the process were gone

        with alone(second, kind, 5):
            pass


def test_sqlite_needs_none(small):
    with connected(small.address) as one, alone(one, "sqlite"), alone(one, "sqlite"):
        pass
