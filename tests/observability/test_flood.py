import logging

from gambrel.observability.flood import PLACES, FloodLimit


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def record(line: int = 1) -> logging.LogRecord:
    return logging.LogRecord("shop", logging.WARNING, "shop.py", line, "m", (), None)


def test_one_place_passes_so_many_records_a_second():
    limit = FloodLimit(10, Clock())

    assert [bool(limit.filter(record())) for _ in range(12)] == [True] * 10 + [False] * 2


def test_a_hundred_thousand_records_in_a_second_become_ten():
    limit = FloodLimit(10, Clock())

    assert sum(bool(limit.filter(record())) for _ in range(100_000)) == 10


def test_what_was_left_out_is_noted_on_the_next_one():
    clock = Clock()
    limit = FloodLimit(1, clock)
    for _ in range(5):
        limit.filter(record())
    clock.now += 1.0
    after, later = record(), record()

    assert limit.filter(after)
    clock.now += 1.0
    assert limit.filter(later)
    assert after.suppressed == 4
    assert not hasattr(later, "suppressed")


def test_other_places_are_not_held_back():
    limit = FloodLimit(1, Clock())
    limit.filter(record(1))

    assert limit.filter(record(2))
    assert not limit.filter(record(1))


def test_places_are_forgotten_before_they_fill_the_memory():
    limit = FloodLimit(1, Clock())

    for line in range(PLACES + 5):
        limit.filter(record(line))

    assert len(limit._seen) <= PLACES
