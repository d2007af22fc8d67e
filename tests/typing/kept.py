"""What an app and a request keep by type, as type checkers know it; never run."""

from typing import assert_type

from msgspec import Struct

from gambrel import App, Request


class Shop(Struct):
    """A section of the settings."""

    currency: str = "EUR"


class Cart:
    """Something of one request."""


def settings_are_of_their_type(app: App) -> None:
    assert_type(app.settings[Shop], Shop)
    assert_type(app.settings[Shop].currency, str)


def what_a_request_keeps_is_of_its_type(request: Request) -> None:
    request.state[Cart] = Cart()
    assert_type(request.state[Cart], Cart)
