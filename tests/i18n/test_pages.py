import re

import pytest

from gambrel import App
from gambrel.testing import Client
from tests.i18n.site import make_site


@pytest.fixture
def client(folder):
    with Client(make_site(folder)) as client:
        yield client


def test_a_page_has_a_switch_with_each_language_in_its_own_words(client):
    page = client.get("/page?b=<1>").text

    assert '<form method="post" action="/_i18n/locale" class="languages"' in page
    assert 'name="next" value="/page?b=%3C1%3E"' in page
    buttons = re.findall(r"<button ([^>]*)>([^<]*)</button>", page)
    assert [name for _, name in buttons] == ["English", "Deutsch", "العربية"]
    assert ["aria-current" in attributes for attributes, _ in buttons] == [True, False, False]
    assert 'lang="ar" dir="rtl"' in buttons[2][0]


def test_what_was_chosen_is_remembered_and_leads_back(client):
    answer = client.post("/_i18n/locale", data={"locale": "ar", "next": "/page?b=1"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/page?b=1")
    told = answer.headers["set-cookie"]
    assert told.startswith("locale=ar;")
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=31536000"} <= set(told.split("; "))
    assert 'lang="ar" dir="rtl"' in client.get("/page", headers={"accept-language": "de"}).text


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil", "", "x"])
def test_it_leads_nowhere_else(client, target):
    answer = client.post("/_i18n/locale", data={"locale": "de", "next": target})

    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("tag", ["", "xx", "DE", "de\r\nset-cookie: a=b", "../de"])
def test_what_is_no_language_here_is_refused(client, tag):
    answer = client.post("/_i18n/locale", data={"locale": tag, "next": "/"})

    assert (answer.status_code, "set-cookie" in answer.headers) == (422, False)


def test_pages_of_other_sites_choose_for_nobody(client):
    headers = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    answer = client.post("/_i18n/locale", data={"locale": "de"}, headers=headers)

    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    assert client.get("/_i18n/locale").status_code == 405


def test_where_the_url_tells_the_language_there_are_links(client):
    page = client.get("/de/shop/3?b=1&c=2").text

    assert '<nav class="languages" aria-label="Sprache">' in page
    assert 'href="/en/shop/3?b=1&amp;c=2" hreflang="en"' in page
    links = re.findall(r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)">', page)
    assert [tag for tag, _ in links] == ["en", "de", "ar", "x-default"]
    assert links[1][1].endswith("/de/shop/3?b=1&amp;c=2")
    assert links[3][1] == links[0][1]


def test_where_it_does_not_there_are_none(client):
    assert 'rel="alternate"' not in client.get("/page").text


def test_no_cookie_for_zones_is_asked_for_where_none_is_wanted(folder):
    with Client(make_site(folder, cookies=("lang", ""))) as client:
        page = client.get("/page", headers={"cookie": "lang=de; tz=Europe/Berlin"}).text

    assert '<html lang="de" dir="ltr">' in page
    assert " UTC</p>" in page


def test_the_zone_of_a_visitor_comes_by_a_cookie(client):
    answer = client.get("/zone", headers={"cookie": "tz=Europe/Berlin"})

    assert (answer.text, answer.headers["vary"]) == ("Europe/Berlin", "cookie")
    assert "content-language" not in answer.headers


def test_below_a_mount_everything_leads_to_the_app(folder):
    outer = App()
    outer.mount("/inner", make_site(folder))
    with Client(outer) as client:
        page = client.get("/inner/page").text
        links = client.get("/inner/de/shop/3").text

    assert 'action="/inner/_i18n/locale"' in page
    assert 'value="/inner/page"' in page
    assert 'href="/inner/en/shop/3"' in links
