"""What a browser is told to keep to: `Strict-Transport-Security` and `Permissions-Policy`."""

from collections.abc import Iterable, Mapping

__all__ = ["hsts", "permissions_policy"]


def hsts(max_age: int = 31_536_000, *, subdomains: bool = True, preload: bool = False) -> str:
    """Return a `Strict-Transport-Security` value (RFC 6797); `max_age` is in seconds.

    Raises:
        ValueError: A negative age, or `preload` without what the preload list demands.
    """
    if max_age < 0:
        raise ValueError(f"max_age={max_age} is negative")
    if preload and (max_age < 31_536_000 or not subdomains):
        raise ValueError("preload demands subdomains=True and max_age of at least 31536000")
    flags = (("; includeSubDomains", subdomains), ("; preload", preload))
    return f"max-age={int(max_age)}" + "".join(flag for flag, wanted in flags if wanted)


def permissions_policy(features: Mapping[str, Iterable[str]]) -> str:
    """Return a `Permissions-Policy` value: each feature with those who may use it.

    Nobody is `()`; otherwise `"self"`, `"*"`, or origins such as `"https://maps.example"`.

    Raises:
        ValueError: A feature or origin cannot be sent.
    """
    parts = []
    for feature, given in features.items():
        if (
            not feature.replace("-", "").isalnum()
            or not feature.isascii()
            or isinstance(given, str)
        ):
            raise ValueError(f"{feature!r}: {given!r} is not a feature with a list of origins")
        allowed = [one if one in {"self", "*"} else f'"{_origin(one)}"' for one in given]
        parts.append(f"{feature}=*" if "*" in allowed else f"{feature}=({' '.join(allowed)})")
    return ", ".join(parts)


def _origin(text: str) -> str:
    if not text.isascii() or not text.isprintable() or any(char in text for char in ' "\\,;()'):
        raise ValueError(f"{text!r} is not an origin")
    return text
