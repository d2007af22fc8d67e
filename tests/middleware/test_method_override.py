import pytest

from gambrel.core.http.errors import BadRequest, GambrelError
from gambrel.core.http.response import Text
from gambrel.middleware.method_override import MethodOverrider
from gambrel.testing import make_request
from tests.middleware.chain import ask

HEADER = "x-http-method-override"


class Again:
    """An app that answers with the method of the request that starts over."""

    async def respond(self, request):
        return Text(f"again as {request.method}")


def test_a_header_asks_for_another_method():
    request = make_request("POST", headers={HEADER: "delete"}, app=Again())

    assert ask(MethodOverrider(), request).body == b"again as DELETE"


def test_a_form_field_asks_for_another_method_and_the_form_stays_readable():
    request = make_request("POST", form={"_method": "PUT", "name": "nail"}, app=Again())

    response = ask(MethodOverrider(), request)

    assert response.body == b"again as PUT"
    assert request.form_data["name"] == "nail"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_only_a_post_can_become_another_method(method):
    request = make_request(method, headers={HEADER: "DELETE"}, app=Again())

    assert ask(MethodOverrider(), request).body == b"next"


@pytest.mark.parametrize("method", ["GET", "CONNECT", "TRACE", "X"])
def test_a_post_cannot_become_a_safe_or_unknown_method(method):
    request = make_request("POST", headers={HEADER: method}, app=Again())

    with pytest.raises(BadRequest):
        ask(MethodOverrider(), request)


@pytest.mark.parametrize("methods", [["GET"], ["PUT", "HEAD"], ["QUERY"], ["put"], [""], "PUT"])
def test_what_a_post_may_never_become_is_no_choice(methods):
    with pytest.raises(GambrelError, match=r"middleware\.override-method"):
        MethodOverrider(methods=methods)


def test_json_is_not_searched_for_a_method():
    request = make_request("POST", json={"_method": "DELETE"}, app=Again())

    assert ask(MethodOverrider(), request).body == b"next"


def test_header_and_field_can_be_switched_off():
    overrider = MethodOverrider(header="", field="")

    request = make_request("POST", form={"_method": "PUT"}, headers={HEADER: "PUT"}, app=Again())

    assert ask(overrider, request).body == b"next"
