"""Explanations: what there is, and why a path leads where it does.

For `gambrel routes`, `gambrel routes match URL` and the development page of a 404.
"""

from collections.abc import Iterable
from typing import NamedTuple

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.host import parse_host
from gambrel.core.routing.outcome import Miss
from gambrel.core.routing.paths import decode_parts
from gambrel.core.routing.pattern import DOTS, Pattern, is_tail, literal
from gambrel.core.routing.readers import compile_segment_reader, is_safe_tail
from gambrel.core.routing.route import ANY, Route, handler_name


class Row(NamedTuple):
    """One line of a route listing; `guards` are the predicates a request must meet."""

    methods: str
    path: str
    name: str
    handler: str
    where: str
    kind: str
    host: str
    version: str
    guards: str


class Step(NamedTuple):
    """One route that was looked at: whether it matches, and why not."""

    route: Route
    matched: bool
    why: str
