import pytest

from gambrel.core.http.proxies import TrustedProxies
from gambrel.middleware.request_id import Identifier
from gambrel.testing import make_request
from tests.middleware.chain import ask


class Proxied:
    """An app behind a proxy on this machine."""

    proxies = TrustedProxies(["127.0.0.0/8"])


def test_an_answer_names_the_request():
    request = make_request()

    assert ask(Identifier(), request).headers["x-request-id"] == request.id


def test_the_id_of_a_trusted_proxy_is_taken():
    request = make_request(headers={"x-request-id": "Root=1-67891233-abc"}, app=Proxied())

    response = ask(Identifier(), request)

    assert response.headers["x-request-id"] == request.id == "Root=1-67891233-abc"


@pytest.mark.parametrize("given", ["", "a b", 'a"b', "a" * 129, "ü", "a, b", "{x}"])
def test_a_malformed_id_is_replaced(given):
    request = make_request(headers={"x-request-id": given}, app=Proxied())

    assert ask(Identifier(), request).headers["x-request-id"] != given


def test_the_id_of_a_stranger_is_replaced():
    foreign = make_request(headers={"x-request-id": "mine"}, app=Proxied(), peer=("192.0.2.1", 1))
    unproxied = make_request(headers={"x-request-id": "mine"})

    assert ask(Identifier(), foreign).headers["x-request-id"] != "mine"
    assert ask(Identifier(), unproxied).headers["x-request-id"] != "mine"


def test_the_header_can_have_another_name():
    response = ask(Identifier(header="X-Correlation-Id"), make_request())

    assert "x-correlation-id" in response.headers
    assert "x-request-id" not in response.headers
