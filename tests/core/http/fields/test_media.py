import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.fields.media import MediaType
from tests.core.http.complexity import steep

TOKEN = st.from_regex(r"[a-z][a-z0-9.+-]{0,15}", fullmatch=True)
LATIN = st.text([chr(code) for code in (*range(0x20, 0x7F), *range(0xA0, 0x100))], max_size=20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("application/json", MediaType("application", "json")),
        ("Text/HTML; Charset=UTF-8", MediaType("text", "html", {"charset": "UTF-8"})),
        ('a/b;x="y;z=\\"1\\"" ; ; w=v', MediaType("a", "b", {"x": 'y;z="1"', "w": "v"})),
        ("*/*", MediaType("*", "*")),
    ],
)
def test_a_media_type_is_read(text: str, expected: MediaType) -> None:
    assert MediaType.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "json",
        "/",
        "a/",
        "/b",
        "a/b/c",
        "a b/c",
        "a/b;x",
        "a/b;=y",
        "a/b;x=",
        'a/b;x="',
        'a/b;x=""y"',
        "a/b;x=1;X=2",
        "a/b, c/d",
        "a/b\n",
        "é/b",
        "a/b;x=é",
        'a/b;x="y"z',
        "a/" + "b" * 2_000,
        'a/b;x="\\"',
        "a/b;x =y",
    ],
)
def test_a_malformed_media_type_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        MediaType.parse(text)


@given(TOKEN, TOKEN, st.dictionaries(TOKEN, LATIN, max_size=5))
def test_a_rendered_media_type_parses_to_itself(
    major: str, minor: str, parameters: dict[str, str]
) -> None:
    media_type = MediaType(major, minor, parameters)

    assert MediaType.parse(str(media_type)) == media_type


def test_a_media_type_cannot_be_made_of_other_text() -> None:
    with pytest.raises(ValueError, match="media type"):
        MediaType("text", "html; charset")
    with pytest.raises(ValueError, match="carry"):
        str(MediaType("text", "html", {"charset": "a\r\nb"}))


def test_names_tell_about_content() -> None:
    assert MediaType.parse("application/problem+json").is_json
    assert MediaType.parse("application/json").is_json
    assert not MediaType.parse("text/jsonx").is_json
    assert MediaType.parse("image/svg+xml").suffix == "xml"
    assert MediaType.parse("text/html").suffix == ""
    assert MediaType.parse("text/html;charset=UTF-8").charset == "utf-8"


@pytest.mark.parametrize(
    ("media_range", "expected"),
    [
        ("*/*", True),
        ("text/*", True),
        ("text/html", True),
        ("text/html;charset=utf-8", True),
        ("text/html;charset=latin-1", False),
        ("text/html;level=1", False),
        ("text/plain", False),
        ("image/*", False),
    ],
)
def test_a_type_falls_into_ranges(media_range: str, expected: bool) -> None:
    html = MediaType.parse("text/html; charset=UTF-8")

    assert html.matches(MediaType.parse(media_range)) is expected


def test_types_can_be_keys() -> None:
    assert {MediaType.parse("a/b"): 1}[MediaType("a", "b")] == 1


@given(st.text() | st.text('a/b;="\\ ', max_size=40))
def test_any_text_is_a_media_type_or_refused(text: str) -> None:
    try:
        media_type = MediaType.parse(text)
    except BadRequest:
        return
    assert media_type.essence == media_type.essence.lower()


def test_parsing_is_linear() -> None:
    assert steep(MediaType.parse) == []
    assert steep(MediaType.parse, "a/b;") == []
