import pytest

from gambrel.server.limits import Limits


def test_limits_cannot_be_changed_while_they_hold():
    with pytest.raises(AttributeError, match="immutable"):
        Limits().pending = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        (Limits(), 1.0),
        (Limits(header_timeout=1.0), 0.5),
        (Limits(linger_timeout=0.0), 0.01),
        (Limits(idle_timeout=600.0), 1.0),
    ],
)
def test_the_clock_ticks_every_second_or_twice_within_the_shortest_time_out(limits, seconds):
    assert limits.tick == seconds
