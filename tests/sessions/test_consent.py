from typing import Annotated

import pytest

from gambrel import App, Form
from gambrel.sessions import Consent, Sessions
from gambrel.templates import Template, Templates
from gambrel.testing import Client

PAGE = """{% if consent.is_open %}<form>May we?</form>{% endif %}
{% if consent.covers("statistics") %}<script src="/count.js"></script>{% endif %}"""


def site(*purposes: str, **options: object) -> App:
    sessions = Sessions(purposes=list(purposes) or ["statistics", "advertising"])
    app = App(
        extensions=[Templates({"page.html": PAGE}), sessions], secret_keys=["x" * 40], **options
    )

    @app.get("/")
    async def page() -> Template:
        return Template("page.html")

    @app.post("/consent")
    async def answer(consent: Consent, given: Annotated[list[str], Form()] = []) -> None:  # noqa: B006
        consent.answer(*given)

    @app.get("/covers/{purpose}")
    async def covers(purpose: str, consent: Consent) -> bool:
        return consent.covers(purpose)

    @app.get("/plain")
    async def plain() -> str:
        return "plain"

    return app


def test_nothing_is_agreed_to_before_somebody_agrees():
    with Client(site()) as client:
        before = client.get("/")
        client.post("/consent", data={"given": ["statistics", "made up"]})
        after = client.get("/")

        assert "May we?" in before.text
        assert "count.js" not in before.text
        assert "cookie" in before.headers["vary"]
        assert "set-cookie" not in before.headers
        assert "May we?" not in after.text
        assert "count.js" in after.text
        assert after.headers["cache-control"] == "private, no-store"
        assert client.get("/covers/advertising").json() is False
        assert "vary" not in client.get("/plain").headers


def test_who_refuses_is_not_asked_again_and_may_change_that():
    with Client(site()) as client:
        client.post("/consent", data={"none": "x"})
        assert "May we?" not in client.get("/").text
        client.post("/consent", data={"given": ["statistics"]})
        assert client.get("/covers/statistics").json() is True
        client.post("/consent", data={"none": "x"})
        assert client.get("/covers/statistics").json() is False


def test_a_new_purpose_is_asked_for_and_one_that_has_gone_is_not_covered():
    with Client(site("statistics")) as client:
        line = client.post("/consent", data={"given": ["statistics"]}).headers["set-cookie"]
        cookie = {"cookie": line.partition(";")[0]}

    assert line.startswith("consent=")
    assert "Max-Age=15552000" in line
    assert "HttpOnly" in line
    with Client(site("statistics", "advertising")) as client:
        assert "May we?" in client.get("/", headers=cookie).text
        assert client.get("/covers/statistics", headers=cookie).json() is True
    with Client(site("advertising", "statistics"), raise_server_errors=False) as client:
        assert client.get("/covers/other", headers=cookie).status_code == 500


@pytest.mark.parametrize("value", ["", "made.up.value", "W1tdLFtdXQ.1.x"])
def test_an_answer_that_we_have_not_signed_is_none(value):
    with Client(site()) as client:
        assert (
            client.get("/covers/statistics", headers={"cookie": f"consent={value}"}).json() is False
        )
