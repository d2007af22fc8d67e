"""Attacks on every place of a kind; a new one fails here until it is attacked too."""

import ast
import inspect
import itertools
import json
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from msgspec import Struct

from gambrel import HTML, App, Redirect, Request, Response, Router, Text
from gambrel.core.http.fields.header_values import content_disposition
from gambrel.files import FileResponse, StaticFiles
from gambrel.forms import Forms, HTMLForm
from gambrel.headers import CacheControl, ETag, challenge, hsts, link, permissions_policy
from gambrel.middleware import CrossOriginProtection, HTTPSRedirect
from gambrel.sessions import Session, Sessions
from gambrel.streams.events import ServerSentEvent
from gambrel.testing import Client
from tests.architecture.source import PACKAGE, sources
from tests.core.http.test_url import HOSTILE
from tests.forms.shop import Order as Every

LOCAL = re.compile(r"/(?![/\\])[\x21-\x7e]*")

# Redirects (T-C03) -----------------------------------------------------------------------------

REDIRECTS = {
    "core/http/response.py": "the class itself",
    "core/routing/outcome.py": "a slash too many or too few",
    "conversion/errors.py": "where a fault is, and no header",
    "core/routing/declared.py": "router.redirect()",
    "files/static/site.py": "a folder without its slash",
    "i18n/pages.py": "who has chosen a language, by safe_redirect",
    "middleware/https_redirect.py": "HTTPS",
}


def redirecting() -> set[str]:
    """Return the files that make a redirect, or set where one leads."""
    found = set()
    for source in sources():
        for node in ast.walk(source.tree):
            is_call = isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Redirect")
            is_set = isinstance(node, ast.Dict) and any(
                isinstance(key, ast.Constant) and key.value == "location" for key in node.keys
            )
            is_put = isinstance(node, ast.Subscript) and ast.unparse(node).endswith("['location']")
            if is_call or is_set or (is_put and isinstance(node.ctx, ast.Store)):
                found.add(source.name)
    return found


def test_every_place_that_redirects_is_known_here():
    assert redirecting() == set(REDIRECTS)


@pytest.fixture
def site(tmp_path) -> Any:
    (tmp_path / "sub" / "evil").mkdir(parents=True)
    app = App(
        hosts=["good.example", "testserver", "localhost"],
        extensions=[StaticFiles(tmp_path, "/files", listing=True)],
    )
    router = Router()
    router.redirect("/old/{rest:path}", "/new/{rest}")
    app.include(router)

    @app.get("/with/{rest:path}/")
    async def with_slash(rest: str) -> str:
        return rest

    @app.get("/without/{rest:path}")
    async def without(rest: str) -> str:
        return rest

    @app.get("/{first}")
    async def first(first: str) -> str:
        return first

    with Client(app, raise_server_errors=False) as client:
        yield client


@pytest.mark.parametrize(
    "start", ["", "/old", "/with", "/with/", "/without", "/files", "/files/sub"]
)
def test_no_request_is_redirected_to_another_host(site, start):
    for path in [*HOSTILE, "//evil.com", "/\\evil.com/..", "//evil.com/%2f..", "/%5C%5Cevil/"]:
        target = (start + path).encode("utf-8", "replace")
        if any(byte < 0x21 or byte == 0x7F for byte in target):
            continue  # no request can have it in its line
        answer = site.request("GET", "/", extensions={"target": target})

        assert LOCAL.fullmatch(answer.headers.get("location", "/")), (start, path)


def test_https_leads_to_a_host_of_ours_whatever_the_path():
    app = App(hosts=["testserver", "localhost"], extensions=[HTTPSRedirect()])
    with Client(app, raise_server_errors=False) as client:
        for path in HOSTILE:
            target = path.encode("utf-8", "replace")
            if not target.startswith(b"/") or any(byte < 0x21 or byte == 0x7F for byte in target):
                continue
            place = client.request("GET", "/", extensions={"target": target}).headers.get(
                "location"
            )

            assert place is None or re.match(r"https://(testserver|localhost)/", place), path


# Headers (T-C04) -------------------------------------------------------------------------------

BREAKS = ["\r", "\n", "\r\nx: y", "\0", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x7f", "\ud800"]
SINKS: dict[str, Callable[[str], Any]] = {
    "a header": lambda text: Response(b"", headers={"x-a": text}),
    "a header that is added": lambda text: Response(b"").headers.add("x-a", text),
    "a name": lambda text: Response(b"", headers={f"x{text}": "a"}),
    "a media type": lambda text: Response(b"", media_type=f"text/{text}"),
    "Location": lambda text: Redirect(f"/{text}"),
    "a text's headers": lambda text: Text("", headers={"x-a": text}),
    "a download's name": lambda text: FileResponse(__file__, filename=f"a{text}"),
    "a content disposition": lambda text: content_disposition("attachment", f"a{text}"),
    "Cache-Control": lambda text: str(CacheControl(extensions={"a": text})),
    "ETag": lambda text: str(ETag(text)),
    "Link": lambda text: link(f"/{text}", "next"),
    "a relation of Link": lambda text: link("/", text),
    "a challenge": lambda text: challenge("Basic", realm=text),
    "a feature": lambda text: permissions_policy({text: ()}),
    "an event's name": lambda text: ServerSentEvent(data=1, event=text),
    "an event's id": lambda text: ServerSentEvent(data=1, id=text),
}


@pytest.mark.parametrize("name", SINKS)
@pytest.mark.parametrize("text", BREAKS)
def test_nothing_breaks_out_of_a_header(name, text):
    try:
        made = SINKS[name](text)
    except (ValueError, TypeError):
        return
    headers = made.headers.pairs() if isinstance(made, Response) else [("", str(made))]

    for _, value in headers:
        assert value.isprintable() or value.replace("\t", " ").isprintable(), (name, text)


def test_what_is_sent_is_checked_where_it_is_set_whoever_sets_it():
    """Only the class of headers has the list of their lines; others append known text to it."""
    assert hsts(1).isascii()
    writers = [
        source.name
        for source in sources()
        if re.search(r"\.pairs\(\)\.(append|extend|insert)", source.text)
    ]

    assert writers == ["sessions/cookies.py"]  # a constant


def test_no_validator_lets_a_line_break_pass_at_the_end():
    """T-C04-2: `$` fits before a last line break, and `match` before anything."""
    loose = []
    for source in sources():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"re.match", "re.search"}:
                pattern = node.args[0]
                text = pattern.value if isinstance(pattern, ast.Constant) else ""
                if str(text).endswith("$"):
                    loose.append(f"{source.name}:{node.lineno}")

    assert loose == []


# Requests of other sites (T-C06) ---------------------------------------------------------------

METHODS = ("POST", "PUT", "PATCH", "DELETE")
KINDS = (
    *("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"),
    *("application/json", "text/plain; application/json", None),
)
PLACES: dict[str, tuple[dict[str, str], bool | None]] = {
    # whether it is ours: None where nobody says
    "same-origin": ({"sec-fetch-site": "same-origin"}, True),
    "none": ({"sec-fetch-site": "none"}, True),
    "same-site": ({"sec-fetch-site": "same-site"}, False),
    "cross-site": ({"sec-fetch-site": "cross-site"}, False),
    "garbage": ({"sec-fetch-site": "same-origin, cross-site"}, False),
    "our origin": ({"origin": "http://localhost"}, True),
    "another origin": ({"origin": "http://localhost.evil.example"}, False),
    "another scheme": ({"origin": "ftp://localhost"}, False),
    "another port": ({"origin": "http://localhost:8080"}, False),
    "null": ({"origin": "null"}, False),
    "nobody says": ({}, None),
    "a script of old": ({"x-requested-with": "XMLHttpRequest"}, None),
    "both": ({"origin": "http://evil.example", "sec-fetch-site": "same-origin"}, True),
    "lies": ({"origin": "http://localhost", "sec-fetch-site": "cross-site"}, False),
}
CREDENTIALS = {
    "cookie": {"cookie": "session=x"},
    "basic": {"authorization": "Basic eDp5"},
    "bearer": {"authorization": "Bearer abc"},
    "nothing": {},
}


def test_the_matrix_of_requests_that_other_sites_can_make():
    """T-C06-1: 403 exactly where it may be another site's, with what a browser adds by itself."""
    app = App(extensions=[CrossOriginProtection()])

    @app.route("/", methods=METHODS)
    async def change() -> None: ...

    wrong, count = [], 0
    with Client(app) as client:
        every = itertools.product(METHODS, KINDS, PLACES, CREDENTIALS)
        for method, kind, place, who in every:
            headers, is_ours = PLACES[place]
            given = {**headers, **CREDENTIALS[who], **({"content-type": kind} if kind else {})}
            answer = client.request(method, "/", headers=given, content=b"--x--" if kind else b"")
            is_ambient = who in {"cookie", "basic"}
            passes = is_ours if is_ours is not None else not is_ambient
            count += 1
            if (answer.status_code == 403) == passes:
                wrong.append((method, kind, place, who, answer.status_code))

    assert wrong == []
    assert count == 1_344


@pytest.mark.parametrize("method", ["post", "FOO", "Post", "PO ST"])
def test_a_method_that_nobody_knows_is_no_way_around(method):
    app = App(extensions=[CrossOriginProtection()])

    @app.post("/")
    async def change() -> None: ...

    with Client(app) as client:
        answer = client.request(method, "/", headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code in {400, 403, 405, 501}


class Order(Struct):
    name: str


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "text/plain; application/json", "application/jsonx", "multipart/form-data", ""],
)
def test_json_under_another_name_is_no_json(kind):
    """What a form of another site can send without asking first (CVE-2021-32677)."""
    app = App()

    @app.post("/")
    async def take(order: Order) -> str:
        return order.name

    with Client(app) as client:
        headers = {"content-type": kind} if kind else {}
        answer = client.post("/", content=json.dumps({"name": "tea"}), headers=headers)

    assert answer.status_code == 415


COOKIE_TRICKS = (
    "csrftoken=x; _ga=1]csrftoken=y",
    "session=forged",
    "=__Host-session=forged",
    "__Host-session=forged",
    "__host-session=forged; __HOST-session=forged",
    '__Host-session="forged',
    "__Secure-session=forged; flash=forged",
)


@pytest.mark.parametrize("more", COOKIE_TRICKS)
@pytest.mark.parametrize("is_first", [True, False])
def test_cookies_that_a_neighbour_has_set_change_nothing(more, is_first):
    """T-C06-2: a site below ours, or one without TLS, sets cookies for us; none counts as ours."""
    app = App(extensions=[Sessions(tokens=True), CrossOriginProtection()])

    @app.post("/")
    async def change(session: Session) -> None:
        session["seen"] = True

    @app.get("/")
    async def show(session: Session) -> dict[str, Any]:
        return dict(session)

    with Client(app, base_url="https://localhost") as client:
        cross = {"sec-fetch-site": "cross-site", "cookie": more}
        own = {"sec-fetch-site": "same-origin", "cookie": more if is_first else f"a=b; {more}"}

        assert client.post("/", headers=cross).status_code == 403
        assert client.post("/", headers=own).status_code == 403  # without its token
        assert client.get("/", headers=own).json() == {}


def test_over_https_only_the_cookie_with_the_promise_counts():
    app = App(extensions=[Sessions()])

    @app.post("/")
    async def change(session: Session) -> None:
        session["user"] = 7

    @app.get("/")
    async def show(session: Session) -> dict[str, Any]:
        return dict(session)

    with Client(app) as client:
        client.post("/")
        [(name, value)] = client.cookies.items()
    with Client(app, base_url="https://localhost") as client:
        answer = client.get("/", headers={"cookie": f"{name}={value}"})

    assert (name, answer.json()) == ("session", {})


# Caches (T-C08) --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        *("/account/x.css", "/account%2f..%2fstatic/x.css", "/account;.css", "/account%00.css"),
        *("/account%23.css", "/account%3f.css", "/account.css", "/static/..%2faccount"),
        *("/static/%2e%2e/account", "/account/%2e%2e/x.css", "/account%0a.css", "/account%5cx.css"),
    ],
)
def test_a_page_of_a_visitor_is_not_found_under_the_name_of_a_file(path, tmp_path):
    """T-C08-4: a cache that keeps `*.css` would keep the page."""
    (tmp_path / "x.css").write_text("a {}")
    app = App(extensions=[Sessions(), StaticFiles(tmp_path)])

    @app.get("/account")
    async def account(session: Session) -> HTML:
        return HTML(f"secret of {session.get('user')}")

    with Client(app, raise_server_errors=False) as client:
        answer = client.request("GET", "/", extensions={"target": path.encode()})

    assert answer.status_code in {400, 404}
    assert "secret" not in answer.text
    assert "no-store" in answer.headers.get("cache-control", "no-store")


def test_headers_that_caches_do_not_look_at_change_no_answer():
    """T-C08-2, but for what a cache does with it."""
    app = App()

    @app.get("/")
    async def show(request: Request) -> list[str]:
        return [str(request.url), request.scheme, request.host, request.method, request.client]

    tricks = {
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "https",
        "x-forwarded-prefix": "/evil",
        "x-forwarded-for": "1.2.3.4",
        "forwarded": "host=evil.example;proto=https",
        "x-original-url": "/evil",
        "x-rewrite-url": "/evil",
        "x-http-method-override": "DELETE",
        "x-real-ip": "1.2.3.4",
    }
    with Client(app) as client:
        plain = client.get("/").json()

        for name, value in tricks.items():
            assert client.get("/", headers={name: value}).json() == plain, name


# Files, archives, scripts (T-C02, T-C31, T-C35) ------------------------------------------------


def test_nothing_unpacks_an_archive():
    names = "tarfile|zipfile|shelve|pickle|marshal|xml"
    imports = re.compile(rf"^\s*(?:import|from) ({names})\b", re.MULTILINE)

    # A dump may be in a zip, whose one member is read by its name, line by line.
    found = [source.name for source in sources() if imports.search(source.text)]
    assert found == ["db/transfer/files.py"]
    unpacks = re.compile("unpack_archive|extractall")
    assert [source.name for source in sources() if unpacks.search(source.text)] == []


MODES = """
import asyncio, os, pathlib, stat, sys, threading
from gambrel.core.http.bodies.forms import Upload
from gambrel.files import LocalStorage
os.umask(int(sys.argv[1], 8))
home = pathlib.Path(sys.argv[2])
storage = LocalStorage(home / "media")
storage.check()
async def save(number):
    upload = Upload("a", "a.txt")
    await upload.write(b"abc")
    await upload.finish()
    await upload.save(home / f"saved-{number}")
    return await storage.save(b"abc")
def work(number):
    for step in range(20):
        asyncio.run(save(f"{number}-{step}"))
threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
paths = [p for p in home.rglob("*")]
print({(p.is_dir(), oct(stat.S_IMODE(p.stat().st_mode))) for p in paths}, len(paths) > 320)
"""


@pytest.mark.parametrize("umask", ["000", "022", "077"])
def test_files_are_for_the_app_and_its_group_at_most(umask, tmp_path):
    """T-C31-1: while eight threads write, none of which may change what holds for all."""
    command = [sys.executable, "-c", MODES, umask, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)

    modes, is_all = done.stdout.rsplit(" ", 1)
    most = {True: 0o750, False: 0o640}
    assert all(int(mode, 8) & ~most[is_folder] == 0 for is_folder, mode in ast.literal_eval(modes))
    assert is_all.strip() == "True"


def test_only_the_socket_of_the_server_asks_for_another_umask():
    assert [s.name for s in sources() if "umask(" in s.text] == ["server/entry/socket_file.py"]


def scripts() -> dict[str, str]:
    """Return every script that is shipped."""
    return {p.relative_to(PACKAGE).as_posix(): p.read_text() for p in PACKAGE.rglob("*.js")}


def test_every_script_is_ours_and_loads_nothing_from_elsewhere():
    """T-C35-1: there is no component of others to be kept up to date."""
    assert {name.split("/")[0] for name in scripts()} == {"cli", "i18n", "looks", "openapi"}
    for name, text in scripts().items():
        code = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)
        assert not re.search(r"""(from|import)\s*\(?\s*["']https?:""", text), name
        assert not re.search(r"\b(eval|Function|setTimeout)\s*\(\s*[\"'`]", code), name
        assert not re.search(r"\binnerHTML|outerHTML|insertAdjacentHTML|document\.write", code), (
            name
        )


# Markup (T-C09) --------------------------------------------------------------------------------

CANARY = "'\"></textarea></script></option><img src=x onerror=__xss()><svg/onload=__xss()>"


def test_nothing_that_was_typed_into_a_form_becomes_markup():
    app = App(extensions=[Forms(trap=CANARY)])

    @app.post("/")
    async def again(form: HTMLForm[Every]) -> HTML:
        form.refuse("name", CANARY)
        form.refuse("", CANARY)
        form["colour"].choices = {CANARY: CANARY}
        return HTML(form.__html__(), form.status)

    names = ["name", "address.street", "address.city", "lines.0.sku", "lines.0.quantity", "colour"]
    names += ["tags", "notes", "email", "day", "price", "size", "country", "photo", "other.city"]
    names += ["news", CANARY, f"lines.{CANARY}.sku", f"lines.1.{CANARY}", "_add", "_remove"]
    with Client(app) as client:
        for left_out in ([], ["_add"], ["_remove"], ["_add", "_remove"]):
            sent = {name: CANARY for name in names if name not in left_out}
            page = client.post("/", data=sent).text

            assert re.findall(r"<(?:img|svg|script)", page) == []
            assert inspect.cleandoc(CANARY) not in page
