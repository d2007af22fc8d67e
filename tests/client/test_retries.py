import pytest

from gambrel.client.retries import Budget, Circuits, delay, is_safe_to_repeat, retry_after


def test_what_may_be_repeated():
    assert is_safe_to_repeat("GET", is_sent=True)
    assert is_safe_to_repeat("PUT", is_sent=True)
    assert not is_safe_to_repeat("POST", is_sent=True)
    assert is_safe_to_repeat("POST", is_sent=False)


def test_waits_have_a_bound_that_doubles():
    assert [delay(n, None, lambda: 1.0) for n in range(2, 9)] == [
        0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0,
    ]  # fmt: skip
    assert delay(5, None, lambda: 0.0) == 0


def test_what_a_server_asks_for_is_the_least():
    assert delay(2, 3.0, lambda: 1.0) == 3.0


@pytest.mark.parametrize(
    ("value", "seconds"), [("3", 3.0), ("", None), (None, None), ("-1", None), ("Fri", None)]
)
def test_seconds_of_retry_after(value, seconds):
    assert retry_after(value) == seconds


def test_a_tenth_of_the_requests_may_be_repeated():
    budget = Budget(most=2)

    assert [budget.spend() for _ in range(3)] == [True, True, False]
    for _ in range(11):
        budget.earn()
    assert [budget.spend() for _ in range(2)] == [True, False]


def test_a_host_that_fails_is_left_alone_and_asked_again_by_one():
    now = [0.0]
    circuits = Circuits(2, 5.0, lambda: now[0])
    for _ in range(2):
        assert circuits.admits("a")
        circuits.note("a", is_well=False)

    assert not circuits.admits("a")
    assert circuits.admits("b")
    now[0] = 5.0
    assert [circuits.admits("a"), circuits.admits("a")] == [True, False]
    circuits.note("a", is_well=False)
    assert not circuits.admits("a")
    now[0] = 10.0
    assert circuits.admits("a")
    circuits.note("a", is_well=True)
    assert [circuits.admits("a"), circuits.admits("a")] == [True, True]


def test_without_a_number_no_host_is_left_alone():
    circuits = Circuits(0)
    for _ in range(100):
        circuits.note("a", is_well=False)

    assert circuits.admits("a")


def test_hosts_that_were_not_asked_for_long_are_forgotten():
    circuits = Circuits(1, most=2)
    for host in ("a", "b"):
        circuits.note(host, is_well=False)
    assert not circuits.admits("a")

    circuits.note("c", is_well=False)

    assert [circuits.admits(host) for host in ("a", "b", "c")] == [False, True, False]


def test_any_number_of_hosts_costs_no_more_than_some():
    circuits = Circuits(5, most=100)

    for number in range(1_000):
        circuits.note(f"{number}.example", is_well=False)
        circuits.admits(f"{number}.example")

    assert len(circuits) == 100


def test_what_nobody_waited_for_says_nothing_of_the_host():
    now = [0.0]
    circuits = Circuits(1, 5.0, lambda: now[0])
    circuits.note("a", is_well=None)
    assert circuits.admits("a")

    circuits.note("a", is_well=False)
    now[0] = 5.0
    assert [circuits.admits("a"), circuits.admits("a")] == [True, False]
    circuits.note("a", is_well=None)

    assert [circuits.admits("a"), circuits.admits("a")] == [True, False]
