"""What a client prefers of languages, codings and charsets (RFC 9110 §12.5)."""

from collections.abc import Sequence

from gambrel.core.http.fields.negotiation import best_offer, never

__all__ = ["best_charset", "best_encoding", "best_language"]


def best_language(accept_language: str, offers: Sequence[str]) -> str | None:
    """Return the offered language tag that `Accept-Language` prefers, or None.

    `de` asked for takes `de-CH`; `de-CH` asked for takes `de` where nothing nearer is offered
    (RFC 4647 §3.3.1 and §3.4).

    Raises:
        BadRequest: As `parse_preferences`.
    """
    return best_offer(accept_language, offers, _language_fit, never)


def _language_fit(offer: str, wish: str) -> int | None:
    if wish == "*":
        return 0
    offered, wanted = offer.lower().replace("_", "-"), wish.lower()
    if offered == wanted:
        return 300
    if offered.startswith(f"{wanted}-"):
        return 200 + len(wanted)
    return 1 + len(offered) if wanted.startswith(f"{offered}-") else None


def best_encoding(accept_encoding: str, offers: Sequence[str]) -> str | None:
    """Return the offered content coding that `Accept-Encoding` prefers, or None.

    `identity` is acceptable unless it is refused (RFC 9110 §12.5.3); without the header, only it.

    Raises:
        BadRequest: As `parse_preferences`.
    """
    if not accept_encoding.strip(" \t,"):
        return "identity" if "identity" in offers else None
    # Named by no one, identity is the last resort: one thousandth.
    return best_offer(accept_encoding, offers, _token_fit, lambda offer: int(offer == "identity"))


def best_charset(accept_charset: str, offers: Sequence[str] = ("utf-8",)) -> str | None:
    """Return the offered charset that `Accept-Charset` prefers, or None.

    Raises:
        BadRequest: As `parse_preferences`.
    """
    return best_offer(accept_charset, offers, _token_fit, never)


def _token_fit(offer: str, wish: str) -> int | None:
    if wish == "*":
        return 0
    return 1 if offer.lower() == wish.lower() else None
