import pytest

from gambrel import GambrelError, Request
from gambrel.core.http.headers import Headers
from gambrel.i18n.locales import parse_locale
from gambrel.i18n.visit import ORDER, Choice, Visit
from gambrel.i18n.zones import zone_of
from gambrel.wording import SPEAKER, gettext, zone_now


class Wire:
    app = None
    client = server = tls = None
    scheme, http_version = "http", "1.1"


def visit_of(languages, headers=(), *, params=None, order=ORDER, user=None, user_zone=None):
    request = Request("GET", "/", "", Headers([("host", "localhost"), *headers]), Wire())
    request.params = params
    return Visit(request, languages, Choice(order, "locale", "tz", user, user_zone))


def cookie(text):
    return ("cookie", text)


def test_the_order_is_url_cookie_user_header_and_then_the_first(languages):
    def user(request):
        return "ar"

    accept = ("accept-language", "de")
    both = [cookie("locale=de"), accept]

    assert visit_of(languages, both, params={"lang": "ar"}).language.tag == "ar"
    assert visit_of(languages, both, user=user).language.tag == "de"
    assert visit_of(languages, [accept], user=user).language.tag == "ar"
    assert visit_of(languages, [accept]).language.tag == "de"
    assert visit_of(languages).language.tag == "en"


def test_another_order_asks_only_whom_it_names(languages):
    visit = visit_of(
        languages, [cookie("locale=de"), ("accept-language", "ar")], order=("header", "cookie")
    )

    assert (visit.language.tag, visit.asked) == ("ar", ["accept-language"])


def test_what_was_looked_at_is_noted_once(languages):
    visit = visit_of(languages, [("accept-language", "de")], user=lambda request: None)

    assert visit.asked == []
    assert visit.language is visit.language
    assert visit.zone is visit.zone
    assert visit.asked == ["cookie", "authorization", "accept-language"]


@pytest.mark.parametrize(
    "value", ["xx", "../../etc", "<script>", "de; path=/", "d" * 5_000, "%00", "ar-Evil-Tag"]
)
def test_only_languages_of_the_app_are_taken(languages, value):
    visit = visit_of(languages, [cookie(f"locale={value}"), ("accept-language", value)])

    assert visit.language.tag in {"en", "de", "ar"}
    assert visit_of(languages, params={"lang": value}).language.tag == "en"


def test_a_header_that_is_too_long_was_a_wish(languages):
    assert visit_of(languages, [("accept-language", "de," * 100)]).language.tag == "en"


def test_a_user_of_whom_nothing_can_be_known_has_the_language_of_the_browser(languages, caplog):
    def user(request):
        raise LookupError("the database is gone")

    visit = visit_of(languages, [("accept-language", "de")], user=user)

    assert visit.language.tag == "de"
    assert "nobody knows what the user prefers" in caplog.text


@pytest.mark.parametrize(
    ("value", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("Europe%2FBerlin", "Europe/Berlin"),
        ("../../etc/passwd", "UTC"),
        ("Nowhere", "UTC"),
        ("", "UTC"),
    ],
)
def test_the_zone_of_the_browser_is_taken_if_it_is_one(languages, value, zone):
    assert visit_of(languages, [cookie(f"tz={value}")]).zone is zone_of(zone)


def test_the_zone_of_the_user_goes_before_that_of_the_browser(languages):
    visit = visit_of(languages, [cookie("tz=Europe/Berlin")], user_zone=lambda r: "Asia/Tokyo")

    assert visit.zone is zone_of("Asia/Tokyo")
    assert visit.asked == ["cookie", "authorization"]


def test_what_is_first_wanted_too_late_is_told(languages):
    visit = visit_of(languages)
    visit.is_late = True

    for name in ("language", "zone"):
        with pytest.raises(GambrelError, match="after the head of its answer had left"):
            getattr(visit, name)


def test_what_was_known_before_is_known_later(languages):
    visit = visit_of(languages, [("accept-language", "de")])
    known = visit.language
    visit.is_late = True

    assert visit.language is known


def test_what_the_app_knows_of_a_user_is_taken_as_a_text(languages):
    assert visit_of(languages, user=lambda r: parse_locale("de")).language.tag == "de"


def test_what_was_said_needs_nobody_to_be_asked(languages):
    """In a stream that has begun, or for caches: nothing is noted, and nothing too late."""
    visit = visit_of(languages)
    visit.is_late = True
    token = SPEAKER.set(visit)
    try:
        with languages.use("de") as locale:
            assert (locale.tag, gettext("Late"), visit.asked) == ("de", "Spät", [])
            with languages.use("ar", "Asia/Tokyo"):
                assert zone_now() is zone_of("Asia/Tokyo")
            with pytest.raises(GambrelError, match="after the head of its answer"):
                zone_now()
    finally:
        SPEAKER.reset(token)
