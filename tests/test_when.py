import pytest

from gambrel import CSV, App, Versioning, when
from gambrel.core.http.errors import BadRequest, GambrelError
from gambrel.core.http.headers import Headers
from gambrel.core.http.query import QueryParams
from gambrel.testing import Client
from gambrel.when import accept, content_type, header, host, not_, param


@pytest.mark.parametrize(("wanted", "expected"), [("text/csv", "csv"), ("text/plain", "text")])
def test_a_route_may_have_a_condition(wanted, expected):
    app = App()
    app.add("/", lambda: "csv", when=when.accept("text/csv"))
    app.add("/", lambda: "text", when=when.not_(when.accept("text/csv")))

    with Client(app) as client:
        assert client.get("/", headers={"accept": wanted}).text == expected


def test_one_path_has_a_table_for_some_and_json_for_all_others():
    app = App()

    @app.get("/stock", when=when.accept("application/json"))
    async def stock() -> dict[str, int]:
        return {"tea": 3}

    @app.get("/stock", when=when.accept("text/csv"))
    async def table() -> CSV:
        return CSV([{"tea": 3}])

    with Client(app) as client:
        answers = [client.get("/stock", headers={"accept": a}) for a in ("*/*", "text/csv")]
        content = client.get("/openapi.json").json()["paths"]["/stock"]["get"]["responses"]["200"]

    assert [a.text for a in answers] == ['{"tea":3}', "tea\r\n3\r\n"]
    assert [a.headers["vary"] for a in answers] == ["accept", "accept"]
    assert "text/csv" in content["content"]
    assert "application/json" in content["content"]


def test_answers_of_a_chosen_route_keep_their_status_and_say_what_they_vary_by():
    app = App()

    @app.post("/stock", when=when.accept("application/json"), status=201)
    async def table() -> dict[str, int]:
        return {"tea": 3}

    @app.post("/stock", when=[when.accept("text/plain"), when.header("X-Beta")], status=202)
    async def text() -> str:
        return "3 tea"

    @app.post("/stock", status=203)
    def others() -> str:
        return "tea"

    with Client(app) as client:
        given = [
            {"accept": "application/json"},
            {"accept": "text/plain", "x-beta": ""},
            {"accept": "a/b"},
        ]
        answers = [client.post("/stock", headers=headers) for headers in given]

    assert [a.status_code for a in answers] == [201, 202, 203]
    assert {a.headers["vary"] for a in answers} == {"accept, x-beta"}


@pytest.mark.parametrize(
    ("versioning", "vary"),
    [(Versioning("header"), "x-api-version"), (Versioning("accept", name="version"), "accept")],
    ids=str,
)
def test_answers_vary_by_what_names_the_version(versioning, vary):
    app = App(versioning=versioning)

    @app.get("/a", version="1")
    async def one() -> str:
        return "one"

    @app.get("/a", version="2")
    def two() -> str:
        return "two"

    with Client(app) as client:
        given = [{"x-api-version": n, "accept": f"*/*;version={n}"} for n in "12"]
        answers = [client.get("/a", headers=headers) for headers in given]
        missed = client.get("/a", headers={"x-api-version": "3", "accept": "*/*;version=3"})

    assert [(a.text, a.headers["vary"]) for a in answers] == [("one", vary), ("two", vary)]
    assert missed.status_code == versioning.status
    assert vary in missed.headers["vary"]


class Asked:
    """As much of a request as predicates read."""

    def __init__(self, *headers, query="", site="example.com"):
        self.headers = Headers(headers)
        self.query = QueryParams(query)
        self.host = site


def test_a_header_is_there_or_has_a_value():
    asked = Asked(("X-Requested-With", "XMLHttpRequest"), ("x-a", "1"), ("X-A", "2"))

    assert header("x-requested-with")(asked)
    assert header("X-Requested-With", "XMLHttpRequest")(asked)
    assert header("x-a", "0", "2")(asked)
    assert not header("x-requested-with", "other")(asked)
    assert not header("x-b")(asked)


def test_accept_takes_what_the_client_takes():
    asked = Asked(("accept", "text/*;q=0.5, application/json;q=0"))

    assert accept("text/html")(asked)
    assert not accept("application/json")(asked)
    assert accept("application/json")(Asked())
    with pytest.raises(BadRequest):
        accept("text/html")(Asked(("accept", "a/b," * 100)))


def test_content_type_compares_with_ranges():
    asked = Asked(("content-type", "image/png; x=1"))

    assert content_type("image/*")(asked)
    assert content_type("text/plain", "image/png")(asked)
    assert not content_type("image/jpeg")(asked)
    assert not content_type("image/*")(Asked())
    assert not content_type("image/*")(Asked(("content-type", "image/png/evil")))


def test_a_malformed_range_is_refused_when_declared():
    with pytest.raises(BadRequest):
        content_type("json")


def test_param_is_a_query_parameter():
    assert param("a")(Asked(query="a="))
    assert param("a", "1")(Asked(query="a=2&a=1"))
    assert not param("a", "1")(Asked(query="b=1"))


def test_host_takes_patterns_and_no_port():
    assert host("*.example.com")(Asked(site="a.example.com:8000"))
    assert not host("example.com")(Asked(site="example.org"))
    with pytest.raises(GambrelError):
        host("exa mple.com")


def test_not_turns_any_predicate_around():
    assert not_(param("a"))(Asked())
    assert not_(lambda request: False)(Asked())
    assert not not_(header("x"))(Asked(("x", "1")))
