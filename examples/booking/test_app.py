import re

from booking.app import make_app

from gambrel.testing import Client

GUEST = {"name": "Ann", "email": "ann@example.com"}
TABLE = {"day": "2030-05-01", "people": "3", "where": "garden"}


def hidden(page):
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))


def book(client, guest=GUEST, table=TABLE, room=None):
    page = client.get("/book")
    for answers in (guest, table, *([room] if room else []), {}):
        page = client.post("/book", data={**hidden(page), **answers})
    return page


def test_a_table_is_booked_and_the_guest_thanked():
    with Client(make_app(), follow_redirects=True) as client:
        page = book(client)

    assert page.url.path == "/"
    assert "Thank you, Ann." in page.text


def test_who_stays_is_asked_for_a_room_and_the_answers_are_shown():
    with Client(make_app(), follow_redirects=True) as client:
        page = client.get("/book")
        pages = []
        for answers in ({**GUEST, "stays": "on"}, TABLE, {"beds": "two"}):
            page = client.post("/book", data={**hidden(page), **answers})
            pages.append(re.findall("Step . of .</p><h2[^>]*>([^<]*)", page.text)[0])

    assert pages == ["When?", "Your room", "Check your answers"]
    assert "<dt>Beds</dt><dd>Two</dd>" in page.text


def test_a_day_has_twenty_seats():
    app = make_app()
    with Client(app, follow_redirects=True) as client:
        book(client, table={**TABLE, "people": "12"})
        page = book(client, table={**TABLE, "people": "9"})
        fewer = client.post("/book", data={**hidden(page), **TABLE, "people": "8"})
        done = client.post("/book", data=hidden(fewer))

    assert page.status_code == 422
    assert "People are more than there are seats left that day" in page.text
    assert "Thank you, Ann." in done.text


def test_a_page_without_its_token_is_refused():
    with Client(make_app(), follow_redirects=True) as client:
        client.get("/book")

        assert client.post("/book", data=GUEST).status_code == 403
