import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel import GambrelError
from gambrel.limits.rates import Rate, read_rate


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("10/second", Rate(10, 1)),
        ("300 / minute", Rate(300, 60)),
        ("1000/2hours", Rate(1000, 7200)),
        ("5/day", Rate(5, 86_400)),
        ("1/30seconds", Rate(1, 30)),
    ],
)
def test_a_rate_is_read(text, rate):
    assert read_rate(text) == rate


@pytest.mark.parametrize(
    "text", ["", "10", "0/second", "-1/second", "1.5/second", "10/fortnight", "10/0hours", "٣/hour"]
)
def test_what_is_no_rate_is_told_with_what_is_one(text):
    with pytest.raises(GambrelError, match="is no rate") as raised:
        read_rate(text, "RateLimits(...)")
    assert raised.value.where == "RateLimits(...)"


def test_all_may_come_at_once_and_then_one_after_each_interval():
    rate, full = Rate(3, 60), 0.0
    left = []
    for _ in range(3):
        verdict = rate.use(full, 100.0, 1)
        full = verdict.full
        left.append((verdict.passes, verdict.left, verdict.reset))
    assert left == [(True, 2, 20), (True, 1, 40), (True, 0, 60)]

    refused = rate.use(full, 100.0, 1)
    assert (refused.passes, refused.left, refused.wait, refused.full) == (False, 0, 20, full)
    assert not rate.use(full, 119.9, 1).passes
    assert rate.use(full, 120.0, 1).passes


def test_what_costs_more_than_there_ever_is_never_passes():
    assert not Rate(3, 60).use(0.0, 100.0, 4).passes
    assert Rate(3, 60).use(0.0, 100.0, 3).passes


@given(
    st.integers(1, 50),
    st.integers(1, 100),
    st.lists(st.floats(0, 30, allow_nan=False), min_size=1, max_size=200),
)
def test_in_no_stretch_of_its_length_pass_more_than_twice_as_many(times, seconds, pauses):
    # The bound of a bucket: what was saved up, and what comes in meanwhile.
    rate, now, full, passed = Rate(times, seconds), 1000.0, 0.0, []
    for pause in pauses:
        now += pause
        verdict = rate.use(full, now, 1)
        full = verdict.full
        if verdict.passes:
            passed.append(now)
        else:
            assert rate.use(full, now + verdict.wait, 1).passes
    for start in passed:
        stretch = [moment for moment in passed if start <= moment < start + seconds]
        assert len(stretch) <= 2 * times
