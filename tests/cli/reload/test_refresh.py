import asyncio
from collections.abc import AsyncIterator

import pytest

from gambrel import HTML, App, Response, Stream
from gambrel.cli.reload.refresh import NEWS, SCRIPT, Refresh, admitted
from gambrel.middleware import Compression
from gambrel.testing import Client

PAGE = {"sec-fetch-dest": "document", "accept-encoding": "gzip"}
ALONE = "<!doctype html><p>Hello</p>" * 100


def site(refresh: Refresh, **options: object) -> App:
    app = App(extensions=[Compression(), refresh], **options)

    @app.get("/")
    async def page() -> HTML:
        return HTML(ALONE, headers={"etag": '"1"'})

    @app.get("/streamed")
    async def streamed() -> Stream:
        async def pieces() -> AsyncIterator[str]:
            yield "<p>one"
            yield "<p>two"

        return Stream(pieces(), media_type="text/html")

    @app.get("/data")
    async def data() -> dict[str, int]:
        return {"a": 1}

    @app.get("/strict")
    async def strict() -> HTML:
        policy = "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic'"
        return HTML("<p>", headers={"content-security-policy": policy})

    @app.get("/open")
    async def open_page() -> HTML:
        return HTML("<p>", headers={"content-security-policy": "frame-ancestors 'none'"})

    @app.post("/")
    async def posted() -> HTML:
        return HTML("<p>")

    return app


def test_a_page_that_a_browser_goes_to_ends_with_the_script():
    with Client(site(Refresh())) as client:
        page = client.get("/", headers=PAGE)
        alone = client.get("/")

    assert page.text.startswith(ALONE)
    assert page.text.endswith(f'<script src="{SCRIPT}" data-news="{NEWS}"></script>')
    assert "etag" not in page.headers
    policy = page.headers["content-security-policy"]
    assert f"script-src 'self' http://localhost{SCRIPT};" in policy
    assert f"connect-src 'self' http://localhost{NEWS}" in policy
    assert alone.text == ALONE
    assert SCRIPT not in alone.headers["content-security-policy"]


def test_errors_and_misses_have_it_too_whatever_their_policy():
    app = site(Refresh())

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("no")

    with Client(app, raise_server_errors=False) as client:
        answers = [
            client.get(path, headers=PAGE | {"accept": "text/html"}) for path in ("/broken", "/no")
        ]

    assert [answer.status_code for answer in answers] == [500, 404]
    for answer in answers:
        assert f'src="{SCRIPT}"' in answer.text


def test_a_streamed_page_ends_with_it():
    with Client(site(Refresh())) as client:
        text = client.get("/streamed", headers=PAGE).text

    assert text.startswith("<p>one<p>two<script ")


def test_a_page_that_trusts_by_nonce_gives_it_to_the_script():
    with Client(site(Refresh())) as client:
        page = client.get("/strict", headers=PAGE)

    assert 'nonce="abc"' in page.text


@pytest.mark.parametrize(("method", "path"), [("GET", "/data"), ("POST", "/")])
def test_data_and_answers_to_forms_stay_as_they_are(method, path):
    with Client(site(Refresh())) as client:
        assert SCRIPT not in client.request(method, path, headers=PAGE).text


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("default-src 'none'", "default-src 'none'; script-src /s; connect-src /n"),
        ("script-src 'self'", "script-src 'self' /s"),
        ("script-src-elem 'none'; connect-src 'none'", "script-src-elem /s; connect-src /n"),
        ("frame-ancestors 'none';", "frame-ancestors 'none'"),
        ("sandbox; Script-Src 'self'; script-src *", "sandbox; script-src 'self' /s"),
    ],
)
def test_a_policy_lets_in_nothing_else(policy, expected):
    assert admitted(policy, "/s", "/n") == (expected, "")


def test_the_script_and_the_stream_are_before_every_middleware_of_the_app():
    async def closed(request: object, call_next: object) -> Response:
        return Response("log in first", 401)

    refresh = Refresh()
    app = site(refresh)
    app.middleware(closed)
    refresh.end()

    with Client(app) as client:
        assert client.get("/").status_code == 401
        assert "EventSource" in client.get(SCRIPT).text
        assert client.get(NEWS).text.startswith("retry: ")
        assert client.get(f"{SCRIPT}on").status_code == 401


def test_the_stream_tells_the_state_and_what_changes_until_it_is_over():
    async def told() -> list[str]:
        refresh, found = Refresh(), []
        stream = refresh.news()
        found += [(await anext(stream)).decode(), (await anext(stream)).decode()]
        for change in (True, False):
            await asyncio.to_thread(refresh.changed, only_styles=change)
            found.append((await anext(stream)).decode())
        refresh.end()
        found += [piece.decode() async for piece in stream]
        assert refresh.waiting == {}
        return [text.replace(refresh.process, "P") for text in found]

    assert asyncio.run(told()) == [
        "retry: 50\n\n",
        'data: {"page":"P.0","styles":0}\n\n',
        'data: {"page":"P.0","styles":1}\n\n',
        'data: {"page":"P.1","styles":1}\n\n',
    ]
