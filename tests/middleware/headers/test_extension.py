from types import SimpleNamespace

import pytest

from gambrel import App
from gambrel.middleware.headers.extension import (
    SecurityHeaders,
    check_weakened,
    nonce_in_page,
    nonce_of,
)
from gambrel.testing import Client, make_request

POLICY = "default-src 'self'; script-src 'self'"


def test_a_nonce_opens_the_policy_of_the_page_it_is_for():
    request = make_request()

    nonce = nonce_of(POLICY, request)

    assert f"'nonce-{nonce}'" in request.draft.headers["content-security-policy"]
    assert nonce_of(POLICY, make_request()) != nonce


def test_a_request_has_one_nonce_whoever_asks():
    request = make_request()

    assert nonce_in_page(POLICY, request)() == nonce_of(POLICY, request)


def test_a_page_that_asks_for_no_nonce_keeps_its_policy():
    request = make_request()

    nonce_in_page(POLICY, request)

    assert "content-security-policy" not in request.draft.headers


def test_what_says_less_than_the_default_is_told():
    def weakened(headers):
        app = SimpleNamespace(settings=SimpleNamespace(security_headers=headers))
        return [problem.message for problem in check_weakened(app)]

    assert weakened(SecurityHeaders()) == []
    assert weakened(SecurityHeaders(frame_options="")) == ["security headers: frame_options is off"]


def test_its_fields_are_its_settings():
    extension = SecurityHeaders(hsts=0)

    assert extension.settings is extension


@pytest.mark.parametrize(
    ("debug", "policy"), [(False, "max-age=31536000; includeSubDomains"), (True, None)]
)
def test_nobody_insists_on_https_for_a_machine_in_development(debug, policy):
    app = App(debug=debug)

    @app.get("/")
    async def home() -> str:
        return "Hello"

    with Client(app, base_url="https://localhost") as client:
        assert client.get("/").headers.get("strict-transport-security") == policy
