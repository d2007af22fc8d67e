"""Content negotiation: the `Accept` family of headers and the best of what the server offers.

Whoever renders calls `best_match`; languages and codings are weighed by `gambrel.headers` (RFC 9110
§12).
Garbage in a preference counts as absent: it is a wish, not an instruction.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.fields.header_values import split_outside_quotes
from gambrel.core.http.fields.media import MediaType

ITEM_LIMIT = 32
LENGTH_LIMIT = 4_096
FULL_QUALITY = 1_000


class Preference(NamedTuple):
    """One item of an `Accept` header; `quality` is in thousandths, 0 means refused."""

    value: str
    quality: int


def parse_preferences(header: str) -> list[Preference]:
    """Read a list of values with `;q=` weights, in order; malformed items are left out.

    Raises:
        BadRequest: More than 32 items, longer than 4 kB, or a quoted string does not end.
    """
    if len(header) > LENGTH_LIMIT:
        raise BadRequest("the preference header is too long")
    items = [item for item in split_outside_quotes(header, ",") if item]
    if len(items) > ITEM_LIMIT:
        raise BadRequest(f"more than {ITEM_LIMIT} preferences")
    preferences = []
    for item in items:
        value, quality = _split_weight(item)
        if quality is not None:
            preferences.append(Preference(value, quality))
    return preferences


def _split_weight(item: str) -> tuple[str, int | None]:
    # RFC 9110 §12.4.2: the weight is the last parameter; what follows belongs to no one.
    value, *parameters = split_outside_quotes(item, ";") if '"' in item else item.split(";")
    kept = [value.strip(" \t")]
    for parameter in parameters:
        name, _, text = parameter.strip(" \t").partition("=")
        if name in {"q", "Q"}:
            return ";".join(kept), _quality(text)
        kept.append(parameter)
    return ";".join(kept), FULL_QUALITY


def _quality(text: str) -> int | None:
    whole, _, fraction = text.partition(".")
    digits = not fraction or (fraction.isascii() and fraction.isdigit())
    if whole not in {"0", "1"} or len(fraction) > 3 or not digits:
        return None
    thousandths = int(whole + fraction.ljust(3, "0"))
    return thousandths if thousandths <= FULL_QUALITY else None


# How well an offer fits a wish: None for not at all, more for more specific.
Fit = Callable[[str, str], int | None]


def best_offer(
    header: str, offers: Sequence[str], fit: Fit, unnamed: Callable[[str], int]
) -> str | None:
    """Return the offer of highest quality, of equals the one named most exactly, then the first.

    Each offer has the quality of the most specific item that covers it; `unnamed` gives the
    quality of an offer that none covers.
    """
    wishes = parse_preferences(header)
    if not wishes:
        return offers[0] if offers else None
    best, best_rank = None, (0, FULL_QUALITY)
    for offer in offers:
        fits = [
            (specificity, wish.quality)
            for wish in wishes
            if (specificity := fit(offer, wish.value)) is not None
        ]
        specificity, quality = max(fits, default=(0, unnamed(offer)))
        if (quality, specificity) > best_rank:
            best, best_rank = offer, (quality, specificity)
    return best


def never(_offer: str) -> int:
    """Refuse what no item covers."""
    return 0


def best_match(accept: str, offers: Sequence[str]) -> str | None:
    """Return the offered media type that `Accept` prefers, or None when it takes none of them.

    Offers stand in the server's order of preference; an empty header accepts the first.

    Raises:
        BadRequest: As `parse_preferences`.
    """
    parsed = {offer: MediaType.parse(offer) for offer in offers}
    ranges: dict[str, MediaType | None] = {}

    def fit(offer: str, wish: str) -> int | None:
        if wish not in ranges:
            ranges[wish] = _media_range(wish)
        wanted = ranges[wish]
        if wanted is None or not parsed[offer].matches(wanted):
            return None
        return (wanted.type != "*") + (wanted.subtype != "*") + len(wanted.parameters)

    return best_offer(accept, offers, fit, never)


def _media_range(text: str) -> MediaType | None:
    try:
        media_range = MediaType.parse(text)
    except BadRequest:
        return None
    return None if media_range.type == "*" and media_range.subtype != "*" else media_range
