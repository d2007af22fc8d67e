import pytest

from gambrel.core.http.headers import Headers
from gambrel.core.http.request import Request
from gambrel.core.routing.versioning import Versioning


def asked(**headers):
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Request("GET", "/", "", Headers(pairs), None)


@pytest.mark.parametrize(
    ("scheme", "name", "headers"),
    [
        ("header", "x-api-version", {"x_api_version": "2"}),
        ("accept", "version", {"accept": "application/json; version=2"}),
        ("accept", "version", {"accept": "text/html;q=0, a/b; version=2; q=0.1"}),
    ],
)
def test_a_predicate_knows_its_own_version(scheme, name, headers):
    versioning = Versioning(scheme, name=name)

    assert versioning.predicate("2")(asked(**headers))
    assert not versioning.predicate("1")(asked(**headers))


def test_a_request_that_names_none_gets_the_default():
    assert Versioning("header", default="3").predicate("3")(asked())
    assert not Versioning("header").predicate("3")(asked())


def test_a_type_that_is_not_had_in_the_version_is_406():
    assert Versioning("accept").predicate("1").status == 406
    assert Versioning("header").predicate("1").status == 404
