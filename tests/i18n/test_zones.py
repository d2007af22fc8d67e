from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel import GambrelError
from gambrel.i18n.zones import find_zone, zone_of


def test_a_zone_is_found_by_its_name_old_ones_too():
    moment = datetime(2026, 7, 1, 12, tzinfo=UTC)

    for name, hour in (("Europe/Berlin", 14), ("Asia/Kolkata", 17), ("Asia/Calcutta", 17)):
        zone = find_zone(name)
        assert zone is not None
        assert moment.astimezone(zone).hour == hour
    assert find_zone("UTC") is UTC


@pytest.mark.parametrize(
    "name", ["", "Nowhere/City", "../../etc/passwd", "/etc/localtime", "posixrules", "a" * 100]
)
def test_what_is_no_known_name_opens_no_file(name, monkeypatch):
    monkeypatch.setattr("gambrel.i18n.zones.ZoneInfo", None)

    assert find_zone(name) is None


@given(st.text())
def test_whatever_a_visitor_sends_is_a_zone_or_nothing(text):
    zone = find_zone(text)

    assert zone is None or datetime.now(zone).utcoffset() is not None


def test_a_zone_of_the_app_must_be_one():
    assert zone_of("UTC") is zone_of(UTC) is UTC
    with pytest.raises(GambrelError, match="is no time zone here"):
        zone_of("Mars/Base")
