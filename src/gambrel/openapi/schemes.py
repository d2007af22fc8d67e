"""Security schemes for `OpenAPI(security_schemes={...})`, by the name of what a client presents.

Each returns an OpenAPI Security Scheme Object; extensions that guard routes use them too, so the
document says what the guard does.
"""

from collections.abc import Mapping
from typing import Any, Literal

__all__ = ["api_key", "basic", "bearer", "oauth2", "openid"]


def bearer(token_format: str = "", description: str = "") -> dict[str, Any]:
    """Describe a bearer token in `Authorization`; `token_format` is a hint such as `JWT`."""
    scheme = {"type": "http", "scheme": "bearer", "bearerFormat": token_format}
    return _described(scheme, description)


def basic(description: str = "") -> dict[str, Any]:
    """Describe a user name and password in `Authorization`."""
    return _described({"type": "http", "scheme": "basic"}, description)


def api_key(
    name: str, location: Literal["header", "query", "cookie"] = "header", description: str = ""
) -> dict[str, Any]:
    """Describe a key in the header, query parameter or cookie called `name`."""
    return _described({"type": "apiKey", "in": location, "name": name}, description)


def oauth2(flows: Mapping[str, Mapping[str, Any]], description: str = "") -> dict[str, Any]:
    """Describe OAuth 2 flows, keyed by their OpenAPI names (`authorizationCode`, ...)."""
    return _described({"type": "oauth2", "flows": dict(flows)}, description)


def openid(url: str, description: str = "") -> dict[str, Any]:
    """Describe OpenID Connect by the address of its discovery document."""
    return _described({"type": "openIdConnect", "openIdConnectUrl": url}, description)


def _described(scheme: dict[str, Any], description: str) -> dict[str, Any]:
    return {key: value for key, value in {**scheme, "description": description}.items() if value}
