import pytest

from gambrel import App, ServerSentEvent, when
from gambrel.core.http.responses.events import Event
from gambrel.testing import Client


@pytest.mark.parametrize(("accept", "expected"), [("text/csv", "csv"), ("text/plain", "text")])
def test_a_route_may_have_a_condition(accept, expected):
    app = App()
    app.add("/", lambda: "csv", when=when.accept("text/csv"))
    app.add("/", lambda: "text", when=when.not_(when.accept("text/csv")))

    with Client(app) as client:
        assert client.get("/", headers={"accept": accept}).text == expected


def test_the_event_of_a_stream_has_a_name_of_its_own():
    assert ServerSentEvent is Event
