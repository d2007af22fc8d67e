"""Names that tell the content: `css/site.css` becomes `css/site.3f2a9c1b.css`.

Such a name may be kept for ever: another content has another name.
"""

import hashlib
from base64 import b64encode

__all__ = ["DIGITS", "digest_of", "hashed_name", "integrity_of", "split_hashed"]

DIGITS = 8
"""Hexadecimal digits in a name: they tell the versions of one file apart, no more."""
_HEX = frozenset("0123456789abcdef")


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of a content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def integrity_of(content: bytes) -> str:
    """Return what `integrity=` of a script or style says of a content (W3C SRI)."""
    return f"sha384-{b64encode(hashlib.sha384(content).digest()).decode()}"


def hashed_name(name: str, digest: str) -> str:
    """Return a name with the beginning of a digest before its suffix."""
    folder, slash, file = name.rpartition("/")
    stem, dot, suffix = file.rpartition(".")
    short = digest[:DIGITS]
    return f"{folder}{slash}{stem}.{short}.{suffix}" if dot else f"{name}.{short}"


def split_hashed(name: str) -> tuple[str, str] | None:
    """Return the name without the digest, and the digest; None for a name that has none."""
    folder, slash, file = name.rpartition("/")
    parts = file.split(".")
    for place in (-2, -1):  # before the suffix, or where there is none
        if len(parts) > -place and len(parts[place]) == DIGITS and _HEX.issuperset(parts[place]):
            digest = parts.pop(place)
            return f"{folder}{slash}{'.'.join(parts)}", digest
    return None
