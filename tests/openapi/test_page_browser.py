"""The page in a real browser, under its own policy, against a small server of its own."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from gambrel.conversion.schemas import json_schemas
from gambrel.openapi.document import build_document
from gambrel.openapi.page import ASSET_TYPES, PageLinks, assets, content_policy, render_page
from tests.conftest import NODE_MODULES, chromium
from tests.openapi.shop import shop_document, shop_operations

pytestmark = pytest.mark.service("browser")

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CANARY = "'\"></script><img src=x onerror=__xss()><svg onload=__xss()>"
TROUBLE = """
window.trouble = [];
window.__xss = () => trouble.push("script ran");
addEventListener("securitypolicyviolation", (event) => trouble.push(event.violatedDirective));
addEventListener("error", (event) => trouble.push(event.message));
addEventListener("unhandledrejection", (event) => trouble.push(String(event.reason)));
"""


class Site:
    """A server with a page, a document, and an echo for everything else."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {}
        self.answer = b'{"n": 12345678901234567890, "empty": [], "text": "<b>bold</b>"}'
        self.received: list[dict[str, Any]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                site.serve(self, self.rfile.read(length))

            do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 - names of the base

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def serve(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        path = handler.path.partition("?")[0]
        if path == "/docs":
            title = self.document["info"]["title"]
            links = PageLinks("/docs", "/openapi.json", "/docs/assets")
            self.send(handler, render_page(title, links).encode(), "text/html; charset=utf-8")
        elif path.startswith("/docs/assets/"):
            name = path.rpartition("/")[2]
            self.send(handler, assets()[name], ASSET_TYPES["." + name.rpartition(".")[2]])
        elif path == "/openapi.json":
            self.send(handler, json.dumps(self.document).encode(), "application/json")
        else:
            self.received.append(
                {
                    "method": handler.command,
                    "path": handler.path,
                    "headers": {name.lower(): value for name, value in handler.headers.items()},
                    "body": body,
                }
            )
            self.send(handler, self.answer, "application/json", 201)

    def send(
        self, handler: BaseHTTPRequestHandler, body: bytes, kind: str, status: int = 200
    ) -> None:
        handler.send_response(status)
        handler.send_header("content-type", kind)
        handler.send_header("content-length", str(len(body)))
        if kind.startswith("text/html"):
            handler.send_header("content-security-policy", content_policy())
        handler.end_headers()
        handler.wfile.write(body)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start a Chromium for this file alone: while its driver runs, no other loop can."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        chrome = driver.chromium.launch(executable_path=chromium(), args=QUIET)
        yield chrome
        chrome.close()


@pytest.fixture
def site() -> Iterator[Site]:
    served = Site()
    served.document = build_document(shop_operations(), json_schemas, shop_document())
    thread = threading.Thread(target=served.server.serve_forever, daemon=True)
    thread.start()
    yield served
    served.server.shutdown()
    served.server.server_close()
    thread.join()


Open = Callable[..., Any]


@pytest.fixture
def open_page(browser: Any, site: Site) -> Iterator[Open]:
    contexts = []

    def open_page(anchor: str = "", **options: Any) -> Any:
        context = browser.new_context(**{"reduced_motion": "reduce", **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(5000)
        page.add_init_script(TROUBLE)
        page.goto(site.url + "/docs" + anchor)
        page.wait_for_selector("section.op")
        return page

    yield open_page
    for context in contexts:
        for page in context.pages:
            assert page.evaluate("window.trouble ?? []") == []
        context.close()


def poisoned(node: Any) -> Any:
    """Return a document with the canary in every text that a person writes."""
    if isinstance(node, list):
        return [poisoned(item) for item in node]
    if not isinstance(node, dict):
        return node
    written = {"title", "summary", "description", "value", "default", "pattern", "version"}
    copy = {key: poisoned(value) for key, value in node.items()}
    for key in written & copy.keys():
        if isinstance(copy[key], str):
            copy[key] = f"{copy[key]} {CANARY} `{CANARY}` [a](javascript:__xss()) **{CANARY}**"
    if isinstance(copy.get("enum"), list):
        copy["enum"] = [*copy["enum"], CANARY]
    return copy


def test_no_text_of_the_document_becomes_markup(site, open_page):
    site.document = poisoned(site.document)
    site.document["info"]["contact"] = {"name": "us", "url": "javascript:__xss()"}
    site.document["info"]["termsOfService"] = "\x01javascript:__xss()"
    site.document["externalDocs"] = {"url": "jav\tascript:__xss()"}
    site.document["paths"]["/" + CANARY] = {"get": {"operationId": CANARY, "responses": {}}}
    site.document["components"]["schemas"][CANARY] = {"enum": [CANARY]}

    page = open_page(viewport={"width": 1280, "height": 20_000})
    page.locator("#place_order .tab").first.wait_for()
    for _ in range(3):
        page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
        page.wait_for_timeout(100)
    page.evaluate("document.querySelectorAll('main [role=tab]').forEach((tab) => tab.click())")

    assert page.locator("main img, main svg, main script, nav img").count() == 0
    links = page.evaluate("[...document.querySelectorAll('a')].map((a) => a.protocol)")
    assert set(links) <= {"http:", "https:", "mailto:"}
    assert CANARY in page.locator("h1").inner_text()


def test_every_operation_is_listed_and_described(open_page):
    page = open_page()

    assert page.locator("nav li[data-id] a .method").count() == 9
    assert page.locator("section.op").count() == 9
    assert page.locator("#place_order h3").inner_text().startswith("Place an order")
    assert "bearer token (JWT)" in page.locator("#place_order .needs").inner_text()


def test_a_deep_link_leads_to_its_operation(open_page):
    page = open_page("#get_order")

    assert page.evaluate("document.activeElement.id") == "get_order"
    assert page.locator("nav a[aria-current]").inner_text().startswith("Get order")


def test_a_slash_starts_the_search_and_enter_goes_there(open_page):
    page = open_page()

    page.keyboard.press("/")
    page.keyboard.type("photo")
    shown = page.locator("nav li[data-id]:visible")
    shown.filter(has_text="Place an order").wait_for(state="hidden")
    assert shown.count() == 1
    page.keyboard.press("Enter")

    page.wait_for_url("**#set_photo")


def test_a_search_without_result_says_so_and_escape_ends_it(open_page):
    page = open_page()

    page.fill("#docs-search", "unheard-of")
    assert page.locator("#docs-none").is_visible()
    page.press("#docs-search", "Escape")

    assert page.locator("#docs-none").is_hidden()


def test_arrow_keys_move_between_the_tabs_of_the_samples(open_page):
    page = open_page("#place_order")
    tabs = page.locator("#place_order .side .tab")

    tabs.nth(0).focus()
    page.keyboard.press("ArrowRight")

    assert tabs.nth(1).get_attribute("aria-selected") == "true"
    assert "import httpx" in page.locator("#place_order .side pre").first.inner_text()


def test_what_success_looks_like_is_open_and_errors_are_folded(open_page):
    page = open_page("#get_bean")

    opened = page.locator("#get_bean .responses > li > details[open] > summary")
    assert opened.all_inner_texts() == ["200\nOK"]
    assert page.locator("#get_bean .responses .name").first.inner_text() == "sku"


def test_a_body_says_what_is_required_and_an_answer_what_may_be_missing(open_page):
    page = open_page("#place_order")

    assert page.locator("#place_order .text > div .required").count() > 0
    assert page.locator("#place_order .responses details[open] .required").count() == 0
    page.locator("#place_order .responses summary", has_text="409").click()
    optional = page.locator("#place_order .responses li.row", has_text="may be missing")
    optional.first.wait_for()
    assert optional.locator(".name").all_inner_texts() == ["detail", "instance"]


def test_text_in_the_path_is_shown_without_what_no_path_can_have(open_page):
    page = open_page("#get_bean")

    assert page.locator("#get_bean li.row").first.inner_text().startswith("sku")
    assert page.locator("#get_bean li.row").first.locator(".limits").count() == 0


def test_recursive_types_open_as_far_as_one_asks(open_page):
    page = open_page("#get_bean")
    nested = page.locator("#get_bean .responses li.row", has_text="blend_of")

    for depth in range(3):
        nested.nth(depth).locator("summary").last.click()

    nested.nth(3).wait_for()


def test_trying_it_sends_what_was_typed_with_the_credentials(site, open_page):
    page = open_page("#place_order")
    page.click("#docs-auth")
    page.fill("dialog fieldset[data-scheme=bearer] input", "s3cret")
    page.click("dialog button.main")
    page.locator("#place_order .try > summary").click()
    page.fill("#place_order .try textarea", '{"lines": []}')
    page.click("#place_order .try button.main")
    page.locator("#place_order .answer").wait_for()

    [sent] = site.received
    assert (sent["method"], sent["path"]) == ("POST", "/orders")
    assert sent["body"] == b'{"lines": []}'
    assert sent["headers"]["authorization"] == "Bearer s3cret"
    assert sent["headers"]["content-type"] == "application/json"
    assert "s3cret" not in page.locator("#place_order .side .tabs").first.inner_text()


def test_the_answer_is_shown_as_it_came(site, open_page):
    page = open_page("#health")
    page.locator("#health .try > summary").click()
    page.click("#health .try button.main")
    answer = page.locator("#health .answer")
    answer.wait_for()

    assert answer.locator(".status").inner_text() == "201 Created"
    assert answer.locator("pre").first.inner_text() == (
        '{\n  "n": 12345678901234567890,\n  "empty": [],\n  "text": "<b>bold</b>"\n}'
    )


def test_parameters_go_where_they_belong(site, open_page):
    page = open_page("#list_beans")
    page.locator("#list_beans .try > summary").click()
    form = page.locator("#list_beans .tryform")
    form.get_by_label("dark").check()
    form.get_by_label("light").check()
    form.get_by_label("limit").fill("a b&c")
    form.get_by_label("Accept-Language").fill("de")
    page.click("#list_beans .try button.main")
    page.locator("#list_beans .answer").wait_for()

    [sent] = site.received
    assert sent["path"] == "/beans?roast=dark&roast=light&limit=a+b%26c"
    assert sent["headers"]["accept-language"] == "de"


def test_files_are_sent_as_a_form(site, open_page):
    page = open_page("#set_photo")
    page.locator("#set_photo .try > summary").click()
    form = page.locator("#set_photo .tryform")
    form.get_by_label("sku").fill("a/b")
    photo = {"name": "p.png", "mimeType": "image/png", "buffer": b"PNG!"}
    form.locator("input[type=file]").set_input_files(photo)
    page.click("#set_photo .try button.main")
    page.locator("#set_photo .answer").wait_for()

    [sent] = site.received
    assert sent["path"] == "/beans/a%2Fb/photo"
    assert b'name="photo"; filename="p.png"' in sent["body"]
    assert b"PNG!" in sent["body"]


def test_the_choice_of_colours_is_kept(open_page):
    page = open_page(color_scheme="light")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")

    page.click("#docs-theme")
    page.reload()
    page.wait_for_selector("section.op")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_a_small_phone_shows_everything_without_scrolling_sideways(open_page):
    page = open_page(viewport={"width": 360, "height": 740})
    page.evaluate("document.querySelectorAll('main details').forEach((one) => (one.open = true))")
    page.wait_for_timeout(200)

    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.locator("nav").is_hidden()
    page.click("#docs-menu")
    assert page.locator("nav").is_visible()
    page.locator("nav a", has_text="Set photo").click()
    assert page.locator("nav").is_hidden()


@pytest.mark.service("node")
@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_has_no_fault_that_axe_can_find(open_page, width, colours):
    page = open_page(
        "#place_order",
        viewport={"width": width, "height": 20_000},
        color_scheme=colours,
        bypass_csp=True,
    )
    page.locator("#place_order .try > summary").click()
    page.locator("#place_order .try button.main").wait_for()

    page.evaluate((NODE_MODULES / "axe-core/axe.min.js").read_text())
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", rules)

    assert [(fault["id"], fault["nodes"][0]["html"]) for fault in found["violations"]] == []
    assert len(found["passes"]) > 20


def test_the_keyboard_alone_finds_an_operation_and_tries_it(site, open_page):
    page = open_page()

    page.keyboard.press("/")
    page.keyboard.type("place")
    page.locator("nav li[data-id]:visible").filter(has_text="Place an order").wait_for()
    page.locator("nav li[data-id]", has_text="Health").wait_for(state="hidden")
    page.keyboard.press("Enter")
    page.wait_for_url("**#place_order")
    page.locator("#place_order .try > summary").wait_for()
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "[document.activeElement.outerHTML.slice(0, 200),"
            " getComputedStyle(document.activeElement).outlineStyle]"
        )
        assert focused[1] == "solid" or focused[0].startswith("<body"), focused
        if page.evaluate("document.activeElement.matches('#place_order .try > summary')"):
            break
    page.keyboard.press("Enter")
    page.locator("#place_order .try textarea").wait_for()
    page.locator("#place_order .try textarea").focus()
    page.keyboard.press("Control+Enter")
    page.locator("#place_order .answer").wait_for()

    assert [sent["path"] for sent in site.received] == ["/orders"]


def test_everything_comes_from_the_one_server(browser, site):
    context = browser.new_context()
    asked = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))

    page.goto(site.url + "/docs")
    page.wait_for_selector("section.op")
    context.close()

    assert len(asked) > 10
    assert [url for url in asked if not url.startswith((site.url, "data:"))] == []


def test_without_scripts_the_page_leads_to_the_document(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()

    page.goto(site.url + "/docs")
    told = page.locator("main").inner_text()
    context.close()

    assert "needs JavaScript" in told
    assert "openapi.json" in told


def test_a_document_that_cannot_be_read_is_told(browser, site):
    context = browser.new_context()
    page = context.new_page()
    page.route("**/openapi.json", lambda route: route.fulfill(status=403, body=""))

    page.goto(site.url + "/docs")
    page.locator("#docs-status", has_text="403").wait_for()
    told = page.locator("#docs-status").inner_text()
    context.close()

    assert told.startswith("The document could not be read")
