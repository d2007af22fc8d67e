"""Typed values of headers, to build and to parse: validators, caching, credentials, …

    response.headers["cache-control"] = str(CacheControl(public=True, max_age=3600))

For applications and batteries; the core itself needs none of them. They know text and errors, and
nothing of requests: builders refuse injection, parsers are linear.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gambrel.headers.authorization import (
        Credentials,
        challenge,
        parse_authorization,
        parse_basic,
    )
    from gambrel.headers.cache_control import CacheControl
    from gambrel.headers.conditional import Decision, ETag, evaluate, parse_etags
    from gambrel.headers.dates import parse_http_date
    from gambrel.headers.links import link
    from gambrel.headers.policies import hsts, permissions_policy
    from gambrel.headers.preferences import best_charset, best_encoding, best_language
    from gambrel.headers.retry import parse_retry_after, retry_after
    from gambrel.headers.vary import add_vary, merge_vary

__all__ = [
    "CacheControl",
    "Credentials",
    "Decision",
    "ETag",
    "add_vary",
    "best_charset",
    "best_encoding",
    "best_language",
    "challenge",
    "evaluate",
    "hsts",
    "link",
    "merge_vary",
    "parse_authorization",
    "parse_basic",
    "parse_etags",
    "parse_http_date",
    "parse_retry_after",
    "permissions_policy",
    "retry_after",
]

_HOMES = {
    "CacheControl": "headers.cache_control",
    "Credentials": "headers.authorization",
    "Decision": "headers.conditional",
    "ETag": "headers.conditional",
    "add_vary": "headers.vary",
    "best_charset": "headers.preferences",
    "best_encoding": "headers.preferences",
    "best_language": "headers.preferences",
    "challenge": "headers.authorization",
    "evaluate": "headers.conditional",
    "hsts": "headers.policies",
    "link": "headers.links",
    "merge_vary": "headers.vary",
    "parse_authorization": "headers.authorization",
    "parse_basic": "headers.authorization",
    "parse_etags": "headers.conditional",
    "parse_http_date": "headers.dates",
    "parse_retry_after": "headers.retry",
    "permissions_policy": "headers.policies",
    "retry_after": "headers.retry",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"gambrel.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
