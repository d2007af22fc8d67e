from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    Decision,
    ParentBased,
    Sampler,
    TraceIdRatioBased,
)
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gambrel.observability.tracing.sampling import ChosenIds, parse_traceparent, rule_of

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
ALL = 1 << 64


def by_the_sdk(text: str) -> tuple[int, int] | None:
    above = TraceContextTextMapPropagator().extract({"traceparent": text})
    found = trace.get_current_span(above).get_span_context()
    return (found.trace_id, int(found.trace_flags)) if found.is_valid else None


hexes = st.text("0123456789abcdefABCDEF_ +g²٣", min_size=2, max_size=2)


@given(
    st.one_of(
        st.text(max_size=60),
        st.builds(
            lambda v, t, s, f, rest: f"{v}-{t}-{s}-{f}{rest}",
            st.sampled_from(["00", "01", "cc", "ff", "FF", "0", "0x"]),
            st.sampled_from([TRACE, "0" * 32, TRACE[:-1], TRACE.upper(), TRACE[:-2] + "g0"]),
            st.one_of(st.sampled_from([SPAN, "0" * 16]), hexes.map(lambda two: SPAN[:-2] + two)),
            st.one_of(st.sampled_from(["00", "01", "ff", "1"]), hexes),
            st.sampled_from(["", "-", "-more", "more", "-0-0"]),
        ),
    )
)
@example(f"00-{TRACE}-{SPAN}-01")
@example(f"cc-{TRACE}-{SPAN}-01-what-comes-later")
def test_a_parent_is_read_as_the_sdk_reads_it(text):
    text = text.strip(" \t")  # as fields are

    assert parse_traceparent(text) == by_the_sdk(text)


class Own(Sampler):
    def should_sample(self, *_: Any, **__: Any) -> Any: ...
    def get_description(self) -> str:
        return "AlwaysOnSampler"


@pytest.mark.parametrize(
    ("sampler", "rule"),
    [
        (ALWAYS_ON, (ALL, ALL, ALL)),
        (ALWAYS_OFF, (0, 0, 0)),
        (TraceIdRatioBased(0.25), (ALL // 4, ALL // 4, ALL // 4)),
        (ParentBased(ALWAYS_ON), (ALL, ALL, 0)),
        (ParentBased(TraceIdRatioBased(0.5)), (ALL // 2, ALL, 0)),
        (ParentBased(ALWAYS_OFF, remote_parent_sampled=ALWAYS_OFF), None),
        (Own(), None),
        (None, None),
    ],
)
def test_the_rule_of_a_standard_sampler_is_known(sampler, rule):
    assert rule_of(sampler) == rule


@given(
    st.sampled_from([0.0, 1e-9, 0.1, 0.5, 1.0]),
    st.booleans(),
    st.one_of(st.none(), st.integers(0, 255)),
    st.integers(1, (1 << 128) - 1),
)
def test_it_says_what_the_sampler_says(ratio, is_by_parent, flags, trace_id):
    sampler: Any = TraceIdRatioBased(ratio)
    sampler = ParentBased(sampler) if is_by_parent else sampler
    rule, above = rule_of(sampler), Context()
    assert rule is not None
    if flags is not None:
        parent = SpanContext(trace_id, 1, is_remote=True, trace_flags=TraceFlags(flags))
        above = trace.set_span_in_context(NonRecordingSpan(parent), above)

    said = sampler.should_sample(above, trace_id, "GET").decision is Decision.RECORD_AND_SAMPLE

    low = trace_id & (ALL - 1)
    assert (low < rule.root if flags is None else rule.takes(trace_id, flags)) == said


@given(st.integers(1, ALL - 1))
def test_the_id_of_a_new_trace_fits_the_decision(bound):
    ids = ChosenIds(RandomIdGenerator())

    ids.choose(bound)

    assert ids.generate_trace_id() & (ALL - 1) < bound
    assert ids.beyond(bound) & (ALL - 1) >= bound
    assert ids.generate_trace_id() != ids.generate_trace_id()
