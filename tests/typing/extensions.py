"""Every extension of ours is one to type checkers, too; checked by mypy and pyright, never run."""

from gambrel import App
from gambrel.debug.extension import Debug
from gambrel.extend import Extension, Setup
from gambrel.middleware import CORS, Compression, Formats, SecurityHeaders
from gambrel.observability import AccessLog, Logging
from gambrel.openapi import OpenAPI


class Own:
    """An extension as the documentation writes one."""

    name = "own"
    requires = ("cors",)
    settings = None

    def install(self, setup: Setup) -> None:
        setup.response_header("x-own", "1")


def an_app_takes_them() -> App:
    return App(extensions=[CORS(), Compression(), Formats(), AccessLog(), Logging(), Own()])


def each_has_the_shape() -> list[Extension]:
    return [Debug(), OpenAPI(), SecurityHeaders(), Own()]
