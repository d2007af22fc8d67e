from gambrel.server.workers.backoff import Backoff


def waits(*worked: float, is_last: bool = False) -> list[float]:
    backoff, found = Backoff(), []
    for seconds in worked:
        backoff.note(0.0, seconds)
        found.append(backoff.wait(is_last=is_last))
    return found


def test_what_has_worked_is_replaced_at_once():
    assert waits(1.0, 100.0) == [0.0, 0.0]


def test_early_deaths_double_the_wait_until_one_has_worked():
    assert waits(0, 0.5, 0, 2, 0) == [0.1, 0.2, 0.4, 0.0, 0.1]
    assert waits(*[0] * 50)[-1] == 30.0


def test_nobody_waits_long_while_nobody_else_works():
    assert waits(*[0] * 50, is_last=True)[-1] == 2.0


def test_the_wait_is_over_after_its_seconds():
    backoff = Backoff()
    backoff.note(10.0, 0)

    assert not backoff.is_over(10.05, is_last=False)
    assert backoff.is_over(10.1, is_last=False)
