from datetime import UTC, datetime, timedelta, timezone

import pytest

from gambrel.core.http.fields.dates import format_http_date

MOMENT = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"


def test_a_date_is_written_in_gmt() -> None:
    east = MOMENT.astimezone(timezone(timedelta(hours=5)))

    assert format_http_date(east) == DATE


def test_a_date_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        format_http_date(datetime(2026, 1, 1))  # noqa: DTZ001
