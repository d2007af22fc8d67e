import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.fields.header_values import (
    Credentials,
    challenge,
    content_disposition,
    hsts,
    link,
    parse_authorization,
    parse_basic,
    parse_parameters,
    parse_retry_after,
    permissions_policy,
    quote_string,
    render_parameters,
    retry_after,
    split_outside_quotes,
    unquote_string,
)
from tests.core.http.complexity import steep

LATIN = st.text([chr(code) for code in (*range(0x20, 0x7F), *range(0xA0, 0x100))])
BREAKING = ["\r", "\n", "\0", "\x0b", "\x1c", "\x7f", "\u2028", "\ud800"]


@given(LATIN.filter(bool))
def test_quoted_text_comes_back(text: str) -> None:
    assert unquote_string(quote_string(text)) == text
    assert unquote_string(quote_string(text, always=True)) == text


@pytest.mark.parametrize("character", BREAKING)
def test_text_that_headers_cannot_carry_is_not_quoted(character: str) -> None:  # T-C04-1
    with pytest.raises(ValueError, match="carry"):
        quote_string(f"a{character}b")


@given(st.lists(LATIN, min_size=1))
def test_quoted_parts_are_split_apart_again(parts: list[str]) -> None:
    quoted = [quote_string(part, always=True) for part in parts]

    assert split_outside_quotes(" , ".join(quoted), ",") == quoted


def test_splitting_trims_blanks_and_keeps_empty_parts() -> None:
    assert split_outside_quotes(" a ,\t,b", ",") == ["a", "", "b"]
    assert split_outside_quotes('a="\\",";b', ";") == ['a="\\","', "b"]


@pytest.mark.parametrize("text", ['"a', 'a"\\"', "a" * 9_000])
def test_a_quoted_string_without_end_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        split_outside_quotes(text, ",")


@pytest.mark.parametrize("text", ["a b", '"a', 'a"', '"a"b"', '"a\\"', '"', "é"])
def test_what_is_neither_token_nor_quoted_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        unquote_string(text)


def test_parameters_come_back() -> None:
    parameters = {"a": "1", "b": 'x"y\\z; w', "c": "é"}

    assert parse_parameters(split_outside_quotes(render_parameters(parameters), ";")) == parameters


@pytest.mark.parametrize("parts", [["a"], ["a="], ["=a"], ["a=1", "A=2"], ["a b=1"], ["a= 1"]])
def test_malformed_parameters_are_refused(parts: list[str]) -> None:
    with pytest.raises(BadRequest):
        parse_parameters(parts)


def test_a_parameter_needs_a_name() -> None:
    with pytest.raises(ValueError, match="parameter name"):
        render_parameters({"a b": "1"})


def test_splitting_and_unquoting_are_linear() -> None:  # T-C18-1
    assert steep(lambda text: split_outside_quotes(text, ",")) == []
    assert steep(unquote_string, '"', '"') == []
    assert steep(lambda text: parse_parameters(split_outside_quotes(text, ";"))) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", "attachment"),
        ("a.txt", 'attachment; filename="a.txt"'),
        ("my file.txt", 'attachment; filename="my file.txt"'),
        ("café.txt", "attachment; filename=\"caf_.txt\"; filename*=UTF-8''caf%C3%A9.txt"),
        ('a"b%.txt', "attachment; filename=\"a_b_.txt\"; filename*=UTF-8''a%22b%25.txt"),
        ("a;b.txt", 'attachment; filename="a;b.txt"'),
        ("€'.txt", "attachment; filename=\"_'.txt\"; filename*=UTF-8''%E2%82%AC%27.txt"),
    ],
)
def test_a_file_name_is_sent_plainly_and_exactly(name: str, expected: str) -> None:
    assert content_disposition("attachment", name) == expected


@pytest.mark.parametrize("name", ["a/b", "a\\b", "a\u202egpj.exe", *(f"a{c}b" for c in BREAKING)])
def test_a_file_name_is_one_name(name: str) -> None:
    with pytest.raises(ValueError, match="file name"):
        content_disposition("inline", name)


def test_a_disposition_is_one_of_two() -> None:
    with pytest.raises(ValueError, match="disposition"):
        content_disposition("form-data; x", "a")  # type: ignore[arg-type]


def test_a_link_has_a_target_and_a_relation() -> None:
    assert link("/a?page=2", "next") == '</a?page=2>; rel="next"'
    assert link("/s.css", "preload", as_="style", title="a b") == (
        '</s.css>; rel="preload"; as=style; title="a b"'
    )


@pytest.mark.parametrize("target", ["/a>b", "/a b", "/é", "/a\r\nb", '/"'])
def test_a_link_cannot_be_broken_out_of(target: str) -> None:
    with pytest.raises(ValueError, match="quote it"):
        link(target, "next")
    with pytest.raises(ValueError, match="carry"):
        link("/a", "next\r\n")


def test_retry_after_is_seconds_or_a_date() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    assert retry_after(120) == "120"
    assert retry_after(moment) == "Fri, 02 Jan 2026 03:04:05 GMT"
    with pytest.raises(ValueError, match="-1"):
        retry_after(-1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Fri, 02 Jan 2026 03:04:35 GMT", 30),
        ("Fri, 02 Jan 2026 03:00:00 GMT", 0),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("1" * 99, None),
        ("\u0661", None),
    ],
)
def test_retry_after_is_read_as_seconds(text: str, expected: int | None) -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    assert parse_retry_after(text, now) == expected


def test_a_challenge_quotes_its_parameters() -> None:
    assert challenge("Bearer") == "Bearer"
    assert challenge("Bearer", realm="api", error='a"b') == 'Bearer realm="api", error="a\\"b"'


@pytest.mark.parametrize("scheme", ["", "a b", "a\r\n", "é"])
def test_a_challenge_has_a_scheme(scheme: str) -> None:
    with pytest.raises(ValueError, match="scheme"):
        challenge(scheme)


def test_credentials_are_split_from_their_scheme() -> None:
    assert parse_authorization("BEARER  abc.def= ") == Credentials("bearer", "abc.def=")
    assert parse_authorization("Basic") == Credentials("basic", "")


@pytest.mark.parametrize("text", ["", " ", "a:b c", "\x00 a", "Basic " + "a" * 9_000])
def test_credentials_without_a_scheme_are_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_authorization(text)


@given(
    st.text(st.characters(exclude_characters=":", exclude_categories=["Cs"])),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_basic_credentials_come_back(user: str, password: str) -> None:
    encoded = base64.b64encode(f"{user}:{password}".encode()).decode()

    assert parse_basic(parse_authorization(f"Basic {encoded}"[:8_000])) == (user, password)


@pytest.mark.parametrize(
    "text",
    [
        "Basic",
        "Basic !",
        "Basic YQ==",
        "Basic YTp\u00e9",
        "Basic /zph",
        "Bearer YTpi",
        "Basic YTpi=",
        "Basic YT pi",
    ],
)
def test_malformed_basic_credentials_are_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_basic(parse_authorization(text))


@given(st.text())
def test_any_authorization_is_read_or_refused(text: str) -> None:
    try:
        credentials = parse_authorization(text)
    except BadRequest:
        return
    assert credentials.scheme == credentials.scheme.lower()


def test_hsts_is_a_year_with_subdomains() -> None:
    assert hsts() == "max-age=31536000; includeSubDomains"
    assert hsts(0, subdomains=False) == "max-age=0"
    assert hsts(preload=True) == "max-age=31536000; includeSubDomains; preload"


@pytest.mark.parametrize(
    "options",
    [{"max_age": -1}, {"max_age": 60, "preload": True}, {"subdomains": False, "preload": True}],
)
def test_hsts_keeps_the_rules_of_the_preload_list(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="max_age"):
        hsts(**options)  # type: ignore[arg-type]


def test_a_permissions_policy_names_who_may() -> None:
    policy = {"camera": (), "geolocation": ("self", "https://maps.example"), "fullscreen": ("*",)}

    assert permissions_policy(policy) == (
        'camera=(), geolocation=(self "https://maps.example"), fullscreen=*'
    )


@pytest.mark.parametrize(
    ("feature", "allowed"),
    [
        ("a b", ()),
        ("", ()),
        ("é", ()),
        ("camera", "self"),
        ("camera", ['https://a" b']),
        ("camera", ["https://a,b"]),
        ("camera", ["a\r\nb"]),
        ("camera=*, x", ()),
    ],
)
def test_a_permissions_policy_cannot_be_broken_out_of(feature: str, allowed: object) -> None:
    with pytest.raises(ValueError, match="origin"):
        permissions_policy({feature: allowed})  # type: ignore[dict-item]


def test_the_measure_of_steps_finds_a_quadratic_parser() -> None:
    def parse(text: str) -> None:
        for start in range(0, min(len(text), 1_000), 20):
            for _ in text[start:1_000:20]:
                pass

    assert len(steep(parse)) > 30
