"""Filters for people: numbers, times and texts as one would say them. English, as yet.

Names and meaning follow Django's, where Jinja has none of its own.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import wraps
from typing import Any

import msgspec
from jinja2 import pass_context, pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

__all__ = ["FILTERS", "dump_json", "unfolded"]

Number = int | float | Decimal

SCHEMES = frozenset({"http", "https", "mailto", "tel"})
SKIPPED = "".join(map(chr, range(0x21)))
BREAKS = dict.fromkeys(map(ord, "\t\r\n"))
_UNITS = (
    ("year", 365 * 86_400),
    ("month", 30 * 86_400),
    ("week", 7 * 86_400),
    ("day", 86_400),
    ("hour", 3_600),
    ("minute", 60),
)
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_LARGE = ((12, "trillion"), (9, "billion"), (6, "million"))


def unfolded(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that is called for each page, even where its value stands in the template.

    Jinja would call it once, and keep what it says in the language of the first visitor.
    """
    if hasattr(function, "jinja_pass_arg"):
        return function

    @pass_context
    @wraps(function)
    def call(_context: Any, *arguments: Any, **options: Any) -> Any:
        return function(*arguments, **options)

    return call


def intcomma(value: Number) -> str:
    """Return a number with commas: 1,234,567.5."""
    return f"{value:,}"


def intword(value: Number) -> str:
    """Return a large number in words: 1.2 million."""
    for power, word in _LARGE:
        if abs(value) >= 10**power:
            return f"{float(value) / 10**power:.1f} {word}".replace(".0 ", " ")
    return intcomma(value)


def ordinal(value: int) -> str:
    """Return 1st, 2nd, 3rd, 4th."""
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{value}{'th' if value % 100 in {11, 12, 13} else endings.get(value % 10, 'th')}"


def apnumber(value: int) -> str:
    """Return the numbers one to nine as words, others as they are."""
    return _WORDS[value - 1] if 1 <= value <= 9 else str(value)


def pluralize(value: Any, endings: str = "s") -> str:
    """Return the ending for a number or a collection: `cherr{{ n | pluralize("y,ies") }}`."""
    one, comma, many = endings.partition(",")
    number = value if isinstance(value, Number) else len(value)
    return (one if comma else "") if number == 1 else (many if comma else one)


def yesno(value: Any, words: str = "yes,no,") -> str:
    """Return the first, the second, or for None the third of some words (else the second)."""
    yes, no, *maybe = words.split(",")
    return (maybe[0] if maybe and maybe[0] else no) if value is None else (yes if value else no)


def date_text(value: date | time, form: str = "%d %B %Y") -> str:
    """Return a date or time in a form of `strftime`."""
    return value.strftime(form)


def time_text(value: datetime | time, form: str = "%H:%M") -> str:
    """Return a time of day in a form of `strftime`."""
    return value.strftime(form)


def timesince(value: date, now: date | None = None) -> str:
    """Return how long ago a moment was, in its two largest units: 3 days, 2 hours."""
    return spell_out(moment(now, like=value) - moment(value))


def timeuntil(value: date, now: date | None = None) -> str:
    """Return how long it is until a moment, in its two largest units."""
    return spell_out(moment(value) - moment(now, like=value))


def naturaltime(value: date, now: date | None = None) -> str:
    """Return a moment as seen from now: 3 minutes ago, in 2 days, now."""
    passed = moment(now, like=value) - moment(value)
    text = spell_out(abs(passed)).partition(",")[0]
    if text == "0 minutes":
        return "now"
    return f"{text} ago" if passed > timedelta() else f"in {text}"


def naturalday(value: date, form: str = "%d %B %Y") -> str:
    """Return today, tomorrow, yesterday, or the date."""
    day = value.date() if isinstance(value, datetime) else value
    zone = value.tzinfo if isinstance(value, datetime) else None
    days = (day - datetime.now(zone).date()).days
    return {0: "today", 1: "tomorrow", -1: "yesterday"}.get(days) or date_text(day, form)


def moment(value: date | None, like: date | None = None) -> datetime:
    """Return a date as its midnight, and None as now, in the zone of `like`."""
    if isinstance(value, datetime):
        return value
    if value is not None:
        return datetime.combine(value, time())
    return datetime.now(like.tzinfo if isinstance(like, datetime) else None)


def spell_out(span: timedelta) -> str:
    """Return a span of time in its two largest units; 0 minutes for one below a minute."""
    left, parts = int(span.total_seconds()), []
    for name, seconds in _UNITS:
        number, rest = divmod(max(left, 0), seconds)
        if number:
            parts.append(f"{number} {name}{'s' if number > 1 else ''}")
            left = rest
        elif parts:
            break
        if len(parts) == 2:
            break
    return ", ".join(parts) or "0 minutes"


def slugify(value: str) -> str:
    """Return a text as a part of a URL: letters, digits and dashes."""
    return re.sub(r"[^\w]+", "-", value.lower()).strip("-_")


@pass_eval_context
def linebreaks(context: EvalContext, value: str) -> str:
    """Return a text as paragraphs, its single line breaks as `<br>`; what is in it is escaped."""
    text = str(escape(value)) if context.autoescape else value
    blocks = re.split(r"\n{2,}", re.sub(r"\r\n?", "\n", text.strip("\r\n")))
    return marked(context, "\n\n".join(f"<p>{b.replace(chr(10), '<br>')}</p>" for b in blocks))


@pass_eval_context
def linebreaksbr(context: EvalContext, value: str) -> str:
    """Return a text with its line breaks as `<br>`; what is in it is escaped."""
    text = str(escape(value)) if context.autoescape else value
    return marked(context, re.sub(r"\r\n?|\n", "<br>", text))


def marked(context: EvalContext, text: str) -> str:
    """Return text as markup where it was escaped."""
    return Markup(text) if context.autoescape else text  # noqa: S704 - it was escaped above


def href(value: Any) -> str:
    """Return an address that a link may have, `#` for one that could be a script.

    That is one of http, https, mailto or tel, or one without a scheme. What browsers skip in front
    of a scheme and inside of it (WHATWG URL §4.4) is skipped here, too.
    """
    text = value.unescape() if isinstance(value, Markup) else str(value)
    text = text.strip(SKIPPED).translate(BREAKS)
    scheme, colon, _ = re.split(r"[/?#\\]", text, maxsplit=1)[0].partition(":")
    return text if not colon or scheme.lower() in SCHEMES else "#"


def dump_json(value: Any) -> str:
    """Return a value as JSON, typed ones too; the filter `tojson` makes it safe in a page."""
    text = msgspec.json.encode(value).decode()
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def json_script(value: Any, name: str = "") -> Markup:
    """Return a value as JSON in an element that no browser runs: a script reads it by its id."""
    # JSON has these characters in strings only, and there they may be written so.
    text = dump_json(value).translate({ord(one): f"\\u{ord(one):04x}" for one in "<>&"})
    identity = Markup(' id="{}"').format(name) if name else ""
    return Markup('<script type="application/json"{}>{}</script>').format(identity, Markup(text))  # noqa: S704 - it was escaped above


FILTERS: dict[str, Callable[..., Any]] = {
    "apnumber": apnumber,
    "date": date_text,
    "href": href,
    "intcomma": intcomma,
    "intword": intword,
    "json_script": json_script,
    "linebreaks": linebreaks,
    "linebreaksbr": linebreaksbr,
    "naturalday": naturalday,
    "naturaltime": naturaltime,
    "ordinal": ordinal,
    "pluralize": pluralize,
    "slugify": slugify,
    "time": time_text,
    "timesince": timesince,
    "timeuntil": timeuntil,
    "yesno": yesno,
}
"""The filters that every environment has besides Jinja's."""
