import datetime as dt

from gambrel.i18n.filters import FILTERS
from gambrel.i18n.zones import UTC

MOMENT = dt.datetime(2026, 7, 1, 22, 30, tzinfo=UTC)


def test_dates_and_times_take_the_forms_of_unicode_and_those_of_strftime(languages):
    with languages.use("de", "Europe/Berlin"):
        assert FILTERS["date"](MOMENT) == "02.07.2026"
        assert FILTERS["date"](MOMENT, "long") == "2. Juli 2026"
        assert FILTERS["date"](MOMENT, "%Y-%m-%d") == "2026-07-02"
        assert FILTERS["date"](dt.date(2026, 7, 1), "%Y") == "2026"
        assert FILTERS["time"](MOMENT) == "00:30"
        assert FILTERS["time"](MOMENT, "%H.%M") == "00.30"
        assert FILTERS["time"](dt.time(8, 5), "%H.%M") == "08.05"
