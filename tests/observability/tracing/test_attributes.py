from urllib.parse import unquote

import pytest

from gambrel import App, Request
from gambrel.observability.scrub import Scrubber
from gambrel.observability.tracing.attributes import (
    TRACE_LIMIT,
    describe,
    describe_error,
    known_methods,
    name_of,
    scrub_query,
    split_host,
)
from gambrel.testing import Client, make_request

SCRUB = Scrubber(["s3cret-of-the-app"])


def test_only_the_methods_of_the_conventions_are_told_as_they_are(monkeypatch):
    assert {"GET", "PATCH"} <= known_methods()
    monkeypatch.setenv("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "GET, BREW")
    assert known_methods() == {"GET", "BREW"}


def test_a_request_without_a_route_is_named_by_its_method():
    assert name_of(make_request("GET"), "GET") == ("GET", "")
    assert name_of(make_request("BREW"), "_OTHER") == ("HTTP", "")


def test_a_method_of_nobody_is_told_beside_the_common_name():
    told = describe(make_request("BREW"), "_OTHER", "", SCRUB)

    assert told["http.request.method"] == "_OTHER"
    assert told["http.request.method_original"] == "BREW"


def test_no_credential_is_told():
    headers = {"authorization": "Bearer abc", "cookie": "session=abc", "user-agent": "probe"}

    told = describe(make_request("GET", headers=headers), "GET", "/", SCRUB)

    assert told["user_agent.original"] == "probe"
    assert "abc" not in repr(told)


@pytest.mark.parametrize(
    ("pattern", "target"),
    [
        ("/reset/{token}", "/reset/abc%20def"),
        ("/reset/{token}", "/reset/abc+def"),
        ("/reset/{token}/now", "/%72eset/abc%2Bdef%C3%A9/now"),
        ("/reset/{token}", "/reset/%61bcdef"),
        ("/reset/{token:path}", "/reset/abc/def%21"),
        ("/reset/{pin:int}", "/reset/123456"),
        ("/reset/{secret:uuid}", "/reset/ABCDEF00-0000-4000-8000-000000123456"),
        ("/notes/{text}", "/notes/s3cret%2Dof-the-app"),
    ],
)
def test_a_path_is_told_without_its_secrets(pattern, target):
    paths = []
    app = App()

    @app.get(pattern)
    async def found(request: Request) -> None:
        paths.append(describe(request, "GET", pattern, SCRUB)["url.path"])

    with Client(app) as client:
        assert client.get(target).status_code == 204

    told = unquote(paths[0]).lower()
    assert [secret for secret in ("abc", "def", "123456", "s3cret") if secret in told] == []
    assert told.startswith(("/reset/", "/notes/"))


def test_a_path_without_secrets_is_told_as_it_came():
    told = describe(make_request("GET", "/caf%C3%A9/%2f/a%20b"), "GET", "", SCRUB)

    assert told["url.path"] == "/caf%C3%A9/%2f/a%20b"


@pytest.mark.parametrize(
    ("host", "parts"),
    [
        ("shop.example", ("shop.example", None)),
        ("shop.example:8080", ("shop.example", 8080)),
        ("[::1]:80", ("::1", 80)),
        ("[::1]", ("::1", None)),
        ("shop.example:x", ("shop.example:x", None)),
        ("", ("", None)),
    ],
)
def test_a_host_is_a_name_and_a_port(host, parts):
    assert split_host(host) == parts


@pytest.mark.parametrize(
    "query",
    ["token=hunter2", "to%6ben=hunter2", "sig=hunter2", "note=s3cret-of%2Dthe-app", "a=1&token=x"],
)
def test_a_query_is_told_without_its_secrets(query):
    told = scrub_query(query, SCRUB)

    assert "hunter2" not in told
    assert "s3cret" not in told
    assert scrub_query("page=2&q=tea", SCRUB) == "page=2&q=tea"


def test_of_a_long_trace_the_end_is_told():
    def fall(depth: int) -> None:
        if not depth:
            raise LookupError("s3cret-of-the-app" + "x" * 100_000)
        fall(depth - 1)

    with pytest.raises(LookupError) as caught:
        fall(20)
    told = describe_error(caught.value, SCRUB)

    assert told["exception.type"] == "LookupError"
    assert len(told["exception.stacktrace"]) <= TRACE_LIMIT + 4
    assert "s3cret" not in told["exception.message"]
