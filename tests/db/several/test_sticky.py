import pytest

from gambrel.core.http.headers import Headers
from gambrel.db.several.sticky import Sticky
from gambrel.testing import make_request

KEYS = ["k" * 40]


def cookie_of(request) -> str:
    return request.draft.headers.get("set-cookie") or ""


def asked(cookie: str = ""):
    return make_request("GET", "/", headers=[("cookie", cookie)] if cookie else [])


def written(sticky: Sticky) -> str:
    request = make_request("POST", "/")
    sticky.remember(request)
    return cookie_of(request)


def test_who_has_written_is_known_by_a_cookie():
    sticky = Sticky("database", 5, KEYS)
    line = written(sticky)

    assert line.startswith("gambrel_wrote_database=")
    assert "Max-Age=5" in line
    assert "HttpOnly" in line
    assert "SameSite=Lax" in line
    assert sticky.has_written(asked(line.partition(";")[0]))


def test_nobody_else_has():
    sticky = Sticky("database", 5, KEYS)

    assert not sticky.has_written(None)
    assert not sticky.has_written(asked())
    assert not sticky.has_written(asked("other=1"))


@pytest.mark.parametrize("value", ["1", "MQ.1.x", "", "MQ.x.y.z"])
def test_a_cookie_that_we_have_not_signed_says_nothing(value):
    assert not Sticky("database", 5, KEYS).has_written(asked(f"gambrel_wrote_database={value}"))


def test_the_cookie_of_another_database_says_nothing_of_this_one():
    other = written(Sticky("database_audit", 5, KEYS)).partition(";")[0].partition("=")[2]

    assert not Sticky("database", 5, KEYS).has_written(asked(f"gambrel_wrote_database={other}"))


def test_it_is_forgotten_after_a_while():
    sticky = Sticky("database", 5, KEYS)
    now = [1000.0]
    sticky.signer._clock = lambda: now[0]
    pair = written(sticky).partition(";")[0]
    now[0] += 5
    within = sticky.has_written(asked(pair))
    now[0] += 1

    assert within
    assert not sticky.has_written(asked(pair))


def test_a_cookie_header_that_cannot_be_read_is_none():
    assert not Sticky("database", 5, KEYS).has_written(asked("a=1; " * 100))


def test_by_https_the_cookie_is_for_https_alone():
    request = make_request("POST", "/")
    request.connection.scheme = "https"
    Sticky("database", 5, KEYS).remember(request)

    assert "Secure" in cookie_of(request)
    assert "Secure" not in written(Sticky("database", 5, KEYS))
    assert isinstance(request.headers, Headers)
