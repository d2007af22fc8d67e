"""Decide by hand whether a request is sampled, before anything is made for it.

The SDK asks its sampler while it makes a span, and makes half of one to be told no. What the
standard samplers say follows from three numbers, which are read from what they say of themselves.
"""

import re
from random import randrange
from typing import Any, NamedTuple

__all__ = ["ChosenIds", "Rule", "parse_traceparent", "rule_of"]

LOW = (1 << 64) - 1
"""The bits of a trace id that a ratio is held against."""
ALL = 1 << 64
_TRACE_ID = (1 << 128) - 1
_HOME = "opentelemetry.sdk.trace.sampling"
_BY_PARENT = re.compile(
    r"ParentBased\{root:(.+),remoteParentSampled:(.+),remoteParentNotSampled:(.+),"
    r"localParentSampled:(.+),localParentNotSampled:(.+)\}"
)
_RATIO = re.compile(r"TraceIdRatioBased\{([\d.e-]+)\}")


def parse_traceparent(text: str) -> tuple[int, int] | None:
    """Return trace id and flags of a client (W3C Trace Context, §3.2); None where malformed.

    Such a value is as none at all. Later versions may have more to say behind the flags.
    """
    digits = text[:55].replace("-", "")
    if len(digits) != 52 or not text[2] == text[35] == text[52] == "-":
        return None
    if not (digits.isascii() and digits.isalnum()) or digits != digits.lower():
        return None
    version = text[:2]
    if version == "ff" or (len(text) > 55 and (version == "00" or text[55] != "-")):
        return None
    try:
        number = int(digits, 16)
    except ValueError:
        return None
    trace_id = number >> 72 & _TRACE_ID
    return (trace_id, number & 255) if trace_id and number >> 8 & LOW else None


class Rule(NamedTuple):
    """Which trace ids are sampled: those whose low bits are below a bound.

    There is one for requests without a parent, with one that is sampled, and with one that is not.
    """

    root: int
    sampled: int
    unsampled: int

    @property
    def share(self) -> float:
        """The share of requests without a parent that are sampled."""
        return self.root / ALL

    def takes(self, trace_id: int, flags: int) -> bool:
        """Say whether a request of a client's trace is sampled."""
        return trace_id & LOW < (self.sampled if flags & 1 else self.unsampled)


def rule_of(sampler: Any) -> Rule | None:
    """Return the rule of a sampler; None for one that is not of the SDK, and has to be asked."""
    if type(sampler).__module__ != _HOME:
        return None
    described = sampler.get_description()
    by_parent = _BY_PARENT.fullmatch(described)
    if by_parent is None:
        bound = bound_of(described)
        return None if bound is None else Rule(bound, bound, bound)
    bounds = [bound_of(part) for part in by_parent.groups()]
    if None in bounds or bounds[1:3] != bounds[3:]:  # a parent is mostly remote, and may be ours
        return None
    return Rule(*bounds[:3])  # type: ignore[arg-type]  # none of them is None


def bound_of(described: str) -> int | None:
    """Return the bound of a sampler that asks for no parent."""
    if described in {"AlwaysOnSampler", "AlwaysOffSampler"}:
        return ALL if described == "AlwaysOnSampler" else 0
    ratio = _RATIO.fullmatch(described)
    return None if ratio is None else round(float(ratio[1]) * ALL)


class ChosenIds:
    """Ids of a generator, but that of a new trace fits what was decided about it.

    Who samples the same share further on, by the id, decides the same.
    """

    def __init__(self, ids: Any) -> None:
        self.ids = ids
        self.chosen = 0
        self.generate_span_id = ids.generate_span_id
        self.is_trace_id_random = ids.is_trace_id_random

    def generate_trace_id(self) -> int:
        """Return the id that was chosen, or any."""
        chosen, self.chosen = self.chosen, 0
        return chosen or int(self.ids.generate_trace_id())

    def choose(self, bound: int) -> None:
        """Let the next trace be one that is sampled."""
        self.chosen = self.within(0, bound)

    def beyond(self, bound: int) -> int:
        """Return the id of a trace that is not sampled."""
        return self.within(bound, ALL)

    def within(self, least: int, bound: int) -> int:
        """Return an id whose low bits are within a range."""
        high = int(self.ids.generate_trace_id()) & ~LOW
        return high | randrange(least, bound)  # noqa: S311 - chance need not be secret
