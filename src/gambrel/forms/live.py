"""Validation while a visitor types, by the protocol of Precognition.

A request with the header `Precognition: true` is checked as the form would be, and goes no further:
204 where nothing is wrong, 422 with what is. `Precognition-Validate-Only` names fields to look at.
"""

from typing import Any

from gambrel.core.http.request import Request
from gambrel.core.http.response import JSON, Response
from gambrel.forms.form import HTMLForm

__all__ = ["Checked", "answer_checked", "asks_to_check"]


class Checked(Exception):
    """A form was only to be checked: the handler is not called.

    Everything else that the handler asks for is there by then (`HTMLForm.opened_last`).
    """

    def __init__(self, request: Request, form: HTMLForm[Any]) -> None:
        super().__init__("a form was checked")
        self.request = request
        self.form = form


def asks_to_check(request: Request) -> bool:
    """Whether a request wants to know what is wrong, and nothing done."""
    return request.headers.first("precognition") == "true"


def answer_checked(request: Request, error: Exception) -> Response:
    """Return what is wrong with the fields that were asked about."""
    assert isinstance(error, Checked)
    only = request.headers.first("precognition-validate-only")
    names = None if only is None else {name.strip() for name in only.split(",")}
    errors = {
        name: messages
        for name, messages in error.form.errors.items()
        if (names is None or name in names) and not error.form.definition.is_locked(name)
    }
    headers = {"precognition": "true", "vary": "precognition", "cache-control": "no-store"}
    if not errors:
        return Response(b"", 204, headers | {"precognition-success": "true"})
    first = next(iter(errors.values()))[0]
    return JSON({"message": first, "errors": errors}, 422, headers)
