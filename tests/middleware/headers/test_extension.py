import pytest

from gambrel import HTML, App, Router
from gambrel.headers import CacheControl
from gambrel.middleware import cache_control
from gambrel.middleware.headers.extension import (
    SecurityHeaders,
    check_weakened,
    nonce_in_page,
    nonce_of,
)
from gambrel.middleware.headers.page_policy import PagePolicy
from gambrel.middleware.security_headers import HeaderPolicy, Nonce
from gambrel.testing import Client, make_request

POLICY = HeaderPolicy(page_policy="default-src 'self'; script-src 'self'")


def test_a_nonce_opens_the_policy_of_the_page_it_is_for():
    request = make_request()

    nonce = nonce_of(POLICY, request)

    assert f"'nonce-{nonce}'" in request.draft.headers["content-security-policy"]
    assert nonce_of(POLICY, make_request()) != nonce


def test_a_request_has_one_nonce_whoever_asks():
    request = make_request()

    assert nonce_in_page(POLICY, request)() == nonce_of(POLICY, request)


@pytest.mark.parametrize(
    ("path", "kept"), [("/with", "private"), ("/without", "public, max-age=60")]
)
def test_no_shared_cache_keeps_a_page_with_a_nonce(path, kept):
    app = App()
    group = Router(middleware=[cache_control(CacheControl(public=True, max_age=60))])

    @group.get("/with")
    async def with_nonce(nonce: Nonce) -> HTML:
        return HTML(f"<script nonce={nonce}></script>", headers={"cache-control": "public"})

    @group.get("/without")
    async def without() -> HTML:
        return HTML("plain")

    app.include(group)
    with Client(app) as client:
        assert client.get(path).headers["cache-control"] == kept


def test_a_page_of_a_visitor_is_for_that_visitor_with_a_nonce_too():
    request = make_request()
    request.draft.headers["cache-control"] = "private, no-store"

    nonce_of(POLICY, request)

    assert request.draft.headers["cache-control"] == "private, no-store"


def test_a_page_that_asks_for_no_nonce_keeps_its_policy():
    request = make_request()

    nonce_in_page(POLICY, request)

    assert "content-security-policy" not in request.draft.headers


def test_what_says_less_than_the_default_is_told():
    def weakened(**headers):
        app = App(**headers)
        app.build()
        return [problem.message for problem in check_weakened(app)]

    assert weakened() == []
    headers = SecurityHeaders(frame_options="")
    assert weakened(extensions=[headers]) == ["security headers: frame_options is off"]


def test_a_group_whose_pages_allow_more_than_is_safe_is_told():
    app = App()
    group = Router("/maps", middleware=[PagePolicy(add={"script-src": ["'unsafe-eval'", "data:"]})])

    @group.get("/{name}")
    async def place(name: str) -> HTML:
        return HTML(name)

    app.include(group)
    app.build()
    problems = list(check_weakened(app))

    assert [problem.message for problem in problems] == [
        "pages of /maps/{name} allow 'unsafe-eval'",
        "pages of /maps/{name} allow data: in script-src",
    ]
    assert "test_extension.py:" in problems[0].where


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


def test_a_policy_on_trial_is_only_reported_on_and_the_nonce_is_in_both():
    app = App(extensions=[SecurityHeaders(trial_policy="script-src 'self'", reports="/_csp")])

    @app.get("/")
    async def page(nonce: Nonce) -> HTML:
        return HTML(str(nonce))

    @app.get("/plain")
    async def plain() -> HTML:
        return HTML("plain")

    with Client(app) as client:
        with_nonce = client.get("/")
        without = client.get("/plain")
        data = client.get("/nowhere")

    end = "; report-uri /_csp; report-to csp"
    assert without.headers["content-security-policy-report-only"] == f"script-src 'self'{end}"
    assert without.headers["content-security-policy"].endswith(end)
    assert without.headers["reporting-endpoints"] == 'csp="/_csp"'
    assert "reporting-endpoints" not in data.headers
    for name in ("content-security-policy", "content-security-policy-report-only"):
        assert f"'nonce-{with_nonce.text}'" in with_nonce.headers[name]
        assert with_nonce.headers[name].endswith(end)


def test_without_a_path_for_reports_nothing_takes_them():
    with Client(App()) as client:
        assert client.post("/_csp").status_code == 404
        assert "report" not in client.get("/").headers["content-security-policy"]


def test_a_report_is_a_line_of_the_log(caplog):
    app = App(extensions=[SecurityHeaders(reports="/_csp")])
    body = {
        "csp-report": {
            "document-uri": "https://a.example/x?secret=1",
            "violated-directive": "img-src 'self'",
            "blocked-uri": "https://b.example",
        }
    }

    with Client(app) as client:
        kind = {"content-type": "application/csp-report"}
        answer = client.post("/_csp", json=body, headers=kind)
        large = client.post("/_csp", content=b" " * 20_000, headers=kind)

    assert (answer.status_code, large.status_code) == (204, 413)
    assert caplog.messages[-1] == "img-src refused https://b.example on https://a.example/x"
