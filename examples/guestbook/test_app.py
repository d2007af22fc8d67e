import re

from guestbook.app import make_app

from gambrel.testing import Client

GOOD = {"name": "Ann", "message": "A lovely place."}


def test_what_a_guest_writes_is_shown_with_thanks():
    with Client(make_app(), follow_redirects=True) as client:
        empty = client.get("/")
        page = client.post("/", data=GOOD)
        again = client.get("/")

    assert "Nothing yet" in empty.text
    assert "set-cookie" not in empty.headers
    assert page.history[0].status_code == 303
    assert "Thank you, Ann." in page.text
    assert "A lovely place." in page.text
    assert "Thank you" not in again.text
    assert 'value="Ann"' in again.text


def test_what_is_wrong_is_told_beside_the_field_and_what_was_typed_stays():
    with Client(make_app()) as client:
        page = client.post("/", data={"name": "A", "message": "Hello!"})

    assert page.status_code == 422
    assert "Name must have at least 2 characters" in page.text
    assert "Hello!</textarea>" in page.text


def test_a_field_is_checked_alone_and_nothing_is_written():
    with Client(make_app()) as client:
        headers = {"precognition": "true", "precognition-validate-only": "name"}
        wrong = client.post("/", data={"name": "A"}, headers=headers)
        right = client.post("/", data={"name": "Ann"}, headers=headers)
        page = client.get("/")

    assert (wrong.status_code, list(wrong.json()["errors"])) == (422, ["name"])
    assert right.status_code == 204
    assert "Nothing yet" in page.text


def test_html_of_a_guest_is_text():
    with Client(make_app(), follow_redirects=True) as client:
        page = client.post("/", data={"name": "<b>Ann</b>", "message": "<script>alert(1)</script>"})

    assert re.findall(r"<script[^>]*>", page.text) == re.findall(r"<script src[^>]*>", page.text)
    assert "&lt;b&gt;Ann" in page.text


def test_two_guests_do_not_know_each_other():
    app = make_app()
    with Client(app) as ann, Client(app) as bob:
        ann.post("/", data=GOOD)

        assert 'value="Ann"' in ann.get("/").text
        assert 'value="Ann"' not in bob.get("/").text


def test_each_guest_reads_their_own_language():
    with Client(make_app(), follow_redirects=True) as client:
        german = client.get("/", headers={"accept-language": "de-CH, en;q=0.5"})
        arabic = client.post("/", data={**GOOD, "name": "A"}, headers={"accept-language": "ar"})
        thanks = client.post("/", data=GOOD, headers={"accept-language": "ar"})

    assert '<html lang="de" dir="ltr"' in german.text
    assert "<h1>Gästebuch</h1>" in german.text
    assert german.headers["content-language"] == "de"
    assert "accept-language" in german.headers["vary"]
    assert '<html lang="ar" dir="rtl"' in arabic.text
    assert "الاسم: يجب أن تحتوي القيمة على حرفين على الأقل" in arabic.text
    assert "شكرًا لك، Ann." in thanks.text
    assert "مشاركة واحدة" in thanks.text


def test_a_guest_may_choose_another():
    with Client(make_app(), follow_redirects=True) as client:
        page = client.post(
            "/_i18n/locale",
            data={"locale": "de", "next": "/"},
            headers={"accept-language": "ar"},
        )

    assert "<h1>Gästebuch</h1>" in page.text


def test_the_catalogs_are_complete():
    assert [problem for problem in make_app().problems() if problem.id.startswith("i18n.")] == []
