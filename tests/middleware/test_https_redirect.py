import pytest

from gambrel.core.http.errors import BadRequest
from gambrel.middleware.https_redirect import HTTPSRedirector
from gambrel.testing import make_request
from tests.middleware.chain import ask


def test_http_is_sent_to_the_same_address_over_https():
    request = make_request("POST", "/a%20b?x=1&y", headers={"host": "shop.example:8000"})

    response = ask(HTTPSRedirector(), request)

    assert response.status == 308
    assert response.headers["location"] == "https://shop.example/a%20b?x=1&y"


def test_another_port_is_named():
    response = ask(HTTPSRedirector(port=8443), make_request())

    assert response.headers["location"] == "https://localhost:8443/"


def test_https_goes_on():
    request = make_request()
    request.connection.scheme = "https"

    assert ask(HTTPSRedirector(), request).status == 200


@pytest.mark.parametrize(
    ("path", "status"), [("/health", 200), ("/health/db", 200), ("/healthy", 308), ("/", 308)]
)
def test_exempt_paths_stay_on_http(path, status):
    assert ask(HTTPSRedirector(exempt=["/health"]), make_request("GET", path)).status == status


def test_nobody_is_sent_to_a_foreign_host():
    request = make_request(headers={"host": "evil.example"})

    with pytest.raises(BadRequest):
        ask(HTTPSRedirector(hosts=["shop.example"]), request)


def test_a_path_cannot_become_another_host():
    request = make_request("GET", "//evil.example/x")

    assert ask(HTTPSRedirector(), request).headers["location"].startswith("https://localhost//evil")
