import asyncio
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import pytest

from gambrel import (
    HTML,
    App,
    Depends,
    GambrelError,
    Redirect,
    Request,
    Response,
    Router,
    Text,
    Upload,
)
from gambrel.middleware import (
    CORS,
    ASGIMiddleware,
    Compression,
    ConditionalGet,
    CORSPolicy,
    CrossOriginProtection,
    HTTPSRedirect,
    MethodOverride,
    Nonce,
    RequestID,
    SecurityHeaders,
    after_request,
    before_request,
)
from gambrel.origins import OriginGuard
from gambrel.testing import Client, make_request

GOOD = "https://good.example"
PREFLIGHT = {"origin": GOOD, "access-control-request-method": "GET"}
CSP = "content-security-policy"
ALLOW = "access-control-allow-origin"


class Item(msgspec.Struct):
    name: str


def shop(*extensions: Any, **options: Any) -> App:
    app = App(extensions=extensions, defaults=(), **options)

    @app.get("/item")
    async def item() -> Item:
        return Item("nail " * 500)

    @app.get("/page")
    async def page() -> Response:
        return HTML("<p>hello")

    @app.delete("/item")
    async def drop(request: Request) -> str:
        return request.method

    @app.post("/login")
    async def login() -> Response:
        return Redirect("/page")

    @app.get("/broken")
    async def broken() -> str:
        raise LookupError

    return app


# Security headers -----------------------------------------------------------------------------


def test_security_headers_need_no_middleware():
    assert shop(SecurityHeaders()).build().middleware == []


@pytest.mark.parametrize("path", ["/item", "/page", "/nowhere", "/login"])
def test_every_answer_has_the_security_headers(path):
    with Client(shop(SecurityHeaders())) as client:
        headers = client.get(path).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "strict-transport-security" not in headers


def test_pages_and_data_have_their_own_policies():
    with Client(shop(SecurityHeaders())) as client:
        data = client.get("/item").headers[CSP]
        page = client.get("/page").headers[CSP]
        error = client.get("/nowhere", headers={"accept": "text/html"}).headers[CSP]

    assert data == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert "script-src 'self'" in page
    assert error.startswith("default-src 'none'; style-src 'sha256-")  # it has a style of its own


def test_what_a_handler_says_itself_stands():
    app = shop(SecurityHeaders())

    @app.get("/own")
    async def own() -> Response:
        return HTML("own", headers={CSP: "default-src *", "x-frame-options": "SAMEORIGIN"})

    with Client(app) as client:
        headers = client.get("/own").headers

    assert headers.get_list(CSP) == ["default-src *"]
    assert headers["x-frame-options"] == "SAMEORIGIN"


def test_a_page_that_asks_for_a_nonce_gets_one_and_its_policy_names_it():
    app = shop(SecurityHeaders())

    @app.get("/script")
    async def script(nonce: Nonce) -> Response:
        return HTML(f"<script nonce={nonce}></script>")

    with Client(app) as client:
        first, second = client.get("/script"), client.get("/script")

    nonce = first.text.removeprefix("<script nonce=").removesuffix("></script>")
    assert f"script-src 'self' 'nonce-{nonce}'" in first.headers[CSP]
    assert first.text != second.text
    assert len(first.headers.get_list(CSP)) == 1


def test_the_environment_may_change_a_header(monkeypatch):
    monkeypatch.setenv("GAMBREL_SECURITY_HEADERS__FRAME_OPTIONS", "SAMEORIGIN")

    with Client(shop(SecurityHeaders())) as client:
        assert client.get("/item").headers["x-frame-options"] == "SAMEORIGIN"


@pytest.mark.parametrize(
    "extension",
    [
        SecurityHeaders(page_policy="default-src 'self'\r\nset-cookie: a=b"),
        SecurityHeaders(features={"camera;": []}),
        SecurityHeaders(hsts=60, hsts_preload=True),
    ],
)
def test_a_header_that_cannot_be_sent_is_refused_at_start_up(extension):
    with pytest.raises(GambrelError, match="cannot be sent"):
        shop(extension).build()


def test_weakened_headers_are_found_before_a_deployment():
    weak = shop(SecurityHeaders(hsts=0)).problems(deploy=True)
    strong = shop(SecurityHeaders()).problems(deploy=True)

    assert "security headers: hsts is off" in [problem.message for problem in weak]
    assert "middleware.weak-headers" not in [problem.id for problem in strong]


# CORS -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/item", "/page", "/nowhere"])
def test_preflights_are_answered_where_no_route_has_options(path):
    with Client(shop(CORS(origins=[GOOD]))) as client:
        response = client.options(path, headers=PREFLIGHT)

    assert (response.status_code, response.headers[ALLOW]) == (204, GOOD)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/item", 200),
        ("GET", "/nowhere", 404),
        ("PUT", "/item", 405),
        ("GET", "/broken", 500),
    ],
)
def test_errors_can_be_read_by_allowed_pages_too(method, path, status):
    with Client(shop(CORS(origins=[GOOD])), raise_server_errors=False) as client:
        response = client.request(method, path, headers={"origin": GOOD})

    assert (response.status_code, response.headers[ALLOW]) == (status, GOOD)
    assert "origin" in response.headers["vary"]


def grouped() -> App:
    app = shop(CORS())
    public = Router(prefix="/public", extra={"cors": CORSPolicy(origins=["*"])})
    partner = Router(prefix="/partner", extra={"cors": CORSPolicy(origins=[GOOD])})

    @public.get("/a")
    async def open_to_all() -> str:
        return "a"

    @partner.get("/{name}")
    async def shared(name: str) -> str:
        return name

    @partner.put("/{name}", extra={"cors": None})
    async def kept(name: str) -> str:
        return name

    app.include(public)
    app.include(partner)
    return app


@pytest.mark.parametrize(
    ("path", "origin", "allowed"),
    [
        ("/public/a", "https://whoever.example", "*"),
        ("/partner/a", GOOD, GOOD),
        ("/partner/a", "https://whoever.example", None),
        ("/partner%2e/a", GOOD, None),
        ("/PARTNER/a", GOOD, None),
        ("/item", GOOD, None),
    ],
)
def test_a_group_has_its_own_policy(path, origin, allowed):
    asks = {"origin": origin, "access-control-request-method": "GET"}

    with Client(grouped()) as client:
        answer = client.get(path, headers={"origin": origin})
        preflight = client.options(path, headers=asks)

    assert answer.headers.get(ALLOW) == allowed
    assert preflight.headers.get(ALLOW) == allowed


def test_a_route_can_leave_the_policy_of_its_group():
    with Client(grouped()) as client:
        shared = client.options("/partner/a", headers=PREFLIGHT)
        kept = client.options(
            "/partner/a", headers={**PREFLIGHT, "access-control-request-method": "PUT"}
        )

    assert shared.headers[ALLOW] == GOOD
    assert ALLOW not in kept.headers


def test_origins_may_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("GAMBREL_CORS__ORIGINS", f"{GOOD},https://other.example")

    with Client(shop(CORS(origins=["https://old.example"]))) as client:
        assert client.get("/item", headers={"origin": GOOD}).headers[ALLOW] == GOOD
        assert ALLOW not in client.get("/item", headers={"origin": "https://old.example"}).headers


def test_everybody_with_credentials_from_the_environment_is_refused_at_start_up(monkeypatch):
    monkeypatch.setenv("GAMBREL_CORS__ORIGINS", "*")

    with pytest.raises(GambrelError, match="credentials"):
        shop(CORS(credentials=True)).build()


# The others -----------------------------------------------------------------------------------


def test_answers_are_compressed_and_revalidated_together():
    with Client(shop(Compression(), ConditionalGet())) as client:
        first = client.get("/item", headers={"accept-encoding": "gzip"})
        tag = first.headers["etag"]
        again = client.get("/item", headers={"accept-encoding": "gzip", "if-none-match": tag})
        plain = client.get("/item", headers={"accept-encoding": "identity"})

    assert first.headers["content-encoding"] == "gzip"
    assert first.json() == plain.json()
    assert tag.startswith('W/"')
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["vary"] == first.headers["vary"]
    assert "accept-encoding" in first.headers["vary"]


def test_a_304_keeps_the_policy_of_the_page():
    with Client(shop(SecurityHeaders(), ConditionalGet())) as client:
        first = client.get("/page")
        again = client.get("/page", headers={"if-none-match": first.headers["etag"]})

    assert again.status_code == 304
    assert again.headers.get(CSP) in {None, first.headers[CSP]}


def test_a_route_can_stay_uncompressed_and_without_a_tag():
    app = shop(Compression(), ConditionalGet())

    @app.get("/secret", extra={"compression": False, "etag": False})
    async def secret() -> str:
        return "secret " * 500

    with Client(app) as client:
        headers = client.get("/secret", headers={"accept-encoding": "gzip"}).headers

    assert "content-encoding" not in headers
    assert "etag" not in headers


def test_a_group_may_have_a_middleware_of_its_own():
    app = shop()
    group = Router(prefix="/group", middleware=[Compression(minimum=1)])

    @group.get("/a")
    async def compressed() -> str:
        return "a" * 100

    app.include(group)

    with Client(app) as client:
        assert client.get("/group/a").headers["content-encoding"] in {"br", "gzip", "zstd"}
        assert "content-encoding" not in client.get("/item").headers


def test_a_form_can_delete():
    with Client(shop(MethodOverride())) as client:
        by_field = client.post("/item", data={"_method": "DELETE"})
        by_header = client.post("/item", headers={"x-http-method-override": "DELETE"})
        plain = client.post("/item")

    assert by_field.text == by_header.text == "DELETE"
    assert plain.status_code == 405


def test_http_is_redirected_to_a_host_of_ours():
    with Client(shop(HTTPSRedirect(exempt=["/page"]), hosts=["shop.example"])) as client:
        moved = client.get("/item?a=1", follow_redirects=False)
        exempt = client.get("/page")

    assert moved.headers["location"] == "https://shop.example/item?a=1"
    assert exempt.status_code == 200


def test_https_behind_a_trusted_proxy_is_seen():
    app = shop(HTTPSRedirect(), trusted_proxies=["127.0.0.0/8"])
    forwarded = {"x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "https"}

    with Client(app) as client:
        assert client.get("/item", headers=forwarded).status_code == 200
        assert client.get("/item", follow_redirects=False).status_code == 308


def test_a_forwarded_host_that_is_not_ours_is_refused():
    options = {"trusted_proxies": ["127.0.0.0/8"], "hosts": ["shop.example"]}
    forwarded = {"x-forwarded-for": "192.0.2.1", "x-forwarded-host": "evil.example"}

    with Client(shop(HTTPSRedirect(), **options)) as client:
        assert client.get("/item", headers=forwarded).status_code == 400


def test_other_sites_cannot_change_anything():
    with Client(shop(CrossOriginProtection())) as client:
        foreign = client.post("/login", headers={"sec-fetch-site": "cross-site"})
        own = client.post("/login", headers={"sec-fetch-site": "same-origin"})

    assert foreign.status_code == 403
    assert own.status_code in {200, 303}


def test_ones_own_protection_refuses_cookies_of_an_unknown_origin_too():
    app = App(extensions=[CrossOriginProtection()])

    @app.delete("/item")
    async def drop() -> str:
        return "dropped"

    with Client(app, cookies={"session": "1"}) as client:
        assert client.delete("/item").status_code == 403


@pytest.mark.parametrize("credentials", [False, True])
def test_an_origin_that_cors_admits_is_admitted_with_cookies_only_where_it_may_have_them(
    credentials,
):
    app = App(extensions=[CORS(origins=[GOOD], credentials=credentials, methods=["POST"])])

    @app.post("/item")
    async def make() -> str:
        return "made"

    @app.post("/private", extra={"cors": None})
    async def private() -> str:
        return "made"

    @app.delete("/item")
    async def drop() -> str:
        return "dropped"

    good, cookie = {"origin": GOOD, "sec-fetch-site": "cross-site"}, {"cookie": "session=1"}
    with Client(app) as client:
        bare = client.post("/item", headers=good)
        with_cookie = client.post("/item", headers=good | cookie)
        bad = client.post("/item", headers=good | {"origin": "https://evil.example"})
        private = client.post("/private", headers=good)
        drop = client.delete("/item", headers=good)

    assert (bare.status_code, bad.status_code, private.status_code) == (200, 403, 403)
    assert with_cookie.status_code == (200 if credentials else 403)
    assert drop.status_code == 403
    assert with_cookie.headers[ALLOW] == GOOD


def test_a_route_may_trust_origins_of_its_own():
    app = App()
    partner = OriginGuard(trusted=[GOOD], allow_unknown=True)

    @app.post("/return", extra={"cross_origin": partner})
    async def back() -> str:
        return "paid"

    with Client(app) as client:
        assert client.post("/return", headers={"origin": GOOD}).status_code == 200
        assert client.post("/return", headers={"origin": "https://evil.example"}).status_code == 403


@pytest.mark.parametrize("path", ["/item", "/nowhere", "/broken"])
def test_answers_and_errors_name_the_request(path):
    app = shop(RequestID(), trusted_proxies=["127.0.0.0/8"])

    with Client(app, raise_server_errors=False) as client:
        response = client.get(path, headers={"x-request-id": "abc-1"})

    assert response.headers["x-request-id"] == "abc-1"


class Stamp:
    def __init__(self, app: Any, stamp: bytes) -> None:
        self.app = app
        self.stamp = stamp

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def stamped(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((b"x-stamp", self.stamp))
            await send(message)

        await self.app(scope, receive, stamped)


def test_asgi_middleware_stands_around_the_app_or_a_group():
    app = shop(ASGIMiddleware(Stamp, b"app"))
    group = Router(prefix="/group", middleware=[ASGIMiddleware(Stamp, stamp=b"group")])

    @group.get("/a")
    async def stamped() -> str:
        return "a"

    app.include(group)

    with Client(app) as client:
        assert client.get("/item").headers.get_list("x-stamp") == ["app"]
        assert client.get("/nowhere").headers.get_list("x-stamp") == ["app"]
        assert client.get("/group/a").headers.get_list("x-stamp") == ["group", "app"]


def test_what_a_request_has_opened_is_closed_behind_an_asgi_middleware_that_changes_it():
    class AddHeader:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await self.app({**scope, "headers": [*scope["headers"], (b"x", b"y")]}, receive, send)

    app = App(extensions=[ASGIMiddleware(AddHeader)])
    log: list[Any] = []

    def session() -> Iterator[str]:
        yield "session"
        log.append("closed")

    @app.post("/")
    async def keep(file: Upload, _: Annotated[str, Depends(session, exit="after")]) -> int:
        log.append(file)
        return file.size

    with Client(app) as client:
        answer = client.post("/", files={"file": ("a.txt", b"abc")})
        upload, *rest = log
        with pytest.raises(ValueError, match="closed file"):
            asyncio.run(upload.read())

    assert answer.json() == 3
    assert rest == ["closed"]


def test_two_asgi_middlewares_of_a_kind_are_told_apart():
    with pytest.raises(GambrelError, match="installed twice"):
        shop(ASGIMiddleware(Stamp, b"1"), ASGIMiddleware(Stamp, b"2")).build()


def test_hosts_that_are_not_ours_are_refused_by_the_app_itself():
    with Client(shop(hosts=["shop.example", ".shop.test"])) as client:
        ours = [client.get("/item", headers={"host": h}) for h in ("SHOP.example.", "a.shop.test")]
        hosts = ("shop.example.evil", "shopXexample", "evil-shop.test", "shop.example:80:80")
        others = [client.get("/item", headers={"host": host}) for host in hosts]

    assert [response.status_code for response in ours] == [200, 200]
    assert [response.status_code for response in others] == [400, 400, 400, 400]


def test_hooks_stand_around_the_routes_of_an_app():
    app = shop()

    @app.middleware
    @before_request
    async def closed(request: Request) -> Response | None:
        return Text("closed", 503) if request.path == "/page" else None

    @app.middleware
    @after_request
    def seen(request: Request, response: Response) -> None:
        response.headers["x-seen"] = "1"

    with Client(app) as client:
        assert client.get("/page").text == "closed"
        assert client.get("/item").headers["x-seen"] == "1"


def test_hsts_is_sent_over_https_alone():
    built = shop(SecurityHeaders()).build()

    async def dressed(scheme: str) -> dict[str, str]:
        request = make_request(app=built.app)
        request.connection.scheme = scheme
        return dict(built.dress(await built.failed(request, LookupError()), request))

    assert "strict-transport-security" not in asyncio.run(dressed("http"))
    assert asyncio.run(dressed("https"))["strict-transport-security"] == (
        "max-age=31536000; includeSubDomains"
    )
