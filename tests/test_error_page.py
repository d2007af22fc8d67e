from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

from gambrel.core.http.errors import Fault
from gambrel.error_page import page_of, render_page
from gambrel.wording import SPEAKER


class Outline(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(attrs)


def test_a_page_has_a_language_a_main_region_and_one_heading() -> None:
    outline = Outline(render_page(404, "Not Found"))

    assert outline.attributes["lang"] == "en"
    assert outline.tags.count("h1") == outline.tags.count("main") == 1
    assert not {"script", "link", "img"} & set(outline.tags)


def test_a_status_has_a_sentence_for_people() -> None:
    assert "There is nothing at this address." in render_page(404, "Not Found")
    assert "The request failed." in render_page(418, "Teapot")
    assert "Something went wrong on our side." in render_page(500, "Internal Server Error")


def test_a_detail_stands_in_its_place_and_is_escaped() -> None:
    page = render_page(404, "<b>", "<script>alert(1)</script>")

    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<b>" not in page


def test_faults_are_listed() -> None:
    page = render_page(422, "Invalid", faults=[Fault("form", "name", "is <missing>", "missing")])

    assert "<li>name: is &lt;missing&gt;</li>" in page


def test_its_policy_allows_its_style_and_nothing_else() -> None:
    body, headers = page_of(404, "Not Found", "", (), "")

    style = body.decode().partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = headers["content-security-policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "http" not in body.decode()


def test_an_incident_is_shown() -> None:
    assert "<code>abc</code>" in render_page(500, "Error", incident="abc")


def test_a_page_is_in_the_language_of_the_visitor() -> None:
    class Tongue:
        tag, direction = "ar", "rtl"

        @property
        def language(self) -> "Tongue":
            return self

        def translate(self, message: str, *_: object, **__: object) -> str:
            return message.upper()

        def explain(self, message: str) -> str:
            return f"<{message}>"

    token = SPEAKER.set(Tongue())  # type: ignore[arg-type]  # it has what is asked for
    try:
        page = render_page(404, "Not Found", faults=[Fault("form", "name", "bad", "x")])
    finally:
        SPEAKER.reset(token)

    assert '<html lang="ar" dir="rtl">' in page
    assert "<h1>NOT FOUND</h1>" in page
    assert "THERE IS NOTHING AT THIS ADDRESS." in page
    assert "&lt;bad&gt;" in page
