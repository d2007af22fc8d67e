from datetime import UTC, datetime

import pytest

from gambrel.headers import parse_retry_after, retry_after


def test_retry_after_is_seconds_or_a_date() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    assert retry_after(120) == "120"
    assert retry_after(moment) == "Fri, 02 Jan 2026 03:04:05 GMT"
    with pytest.raises(ValueError, match="-1"):
        retry_after(-1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Fri, 02 Jan 2026 03:04:35 GMT", 30),
        ("Fri, 02 Jan 2026 03:00:00 GMT", 0),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("1" * 99, None),
        ("\u0661", None),
    ],
)
def test_retry_after_is_read_as_seconds(text: str, expected: int | None) -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    assert parse_retry_after(text, now) == expected
