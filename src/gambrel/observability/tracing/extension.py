"""`Tracing`: the extension that traces requests, and sends the spans away."""

import os
from collections.abc import AsyncIterator
from typing import Annotated, Any

from msgspec import Meta, Struct
from opentelemetry import trace

from gambrel.core.http.errors import GambrelError
from gambrel.extend import ENTRANCES, OUTGOING, WORK, RequestFailed, Setup
from gambrel.observability.extension import SPAN_IDS
from gambrel.observability.scrub import Scrubber
from gambrel.observability.tracing.outgoing import OutgoingTraces
from gambrel.observability.tracing.provider import end_within, make_provider, named_provider
from gambrel.observability.tracing.requests import RequestTraces
from gambrel.observability.tracing.work import WorkTraces

__all__ = ["Tracing", "TracingSettings"]


class TracingSettings(Struct, frozen=True, kw_only=True):
    """The settings of `Tracing`."""

    service: str = ""
    sample: Annotated[float, Meta(ge=0, le=1)] | None = None
    flush: Annotated[float, Meta(ge=0)] = 5.0


class Tracing(Struct, frozen=True, kw_only=True):
    """Trace requests with OpenTelemetry.

    The spans go to `provider`, an `opentelemetry.sdk.trace.TracerProvider`; without one, to the
    provider of this process, or else to one that the variables `OTEL_*` describe. `service` is the
    app's name where `OTEL_SERVICE_NAME` says none. `sample` is the share of traces that begin here:
    of a client's own the client has decided. When the app closes, the last spans have `flush`
    seconds to be sent.
    """

    provider: Any = None
    service: str = ""
    sample: float | None = None
    flush: float = 5.0

    name = "tracing"
    requires = ()

    @property
    def settings(self) -> TracingSettings:
        """What may be set from outside."""
        return TracingSettings(service=self.service, sample=self.sample, flush=self.flush)

    def install(self, setup: Setup) -> None:
        """Declare the entrance, who hears of errors, and the provider's life."""
        if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
            return
        given: TracingSettings = setup.settings.tracing
        if self.provider is not None and given.sample is not None:
            what = "a provider has a sampler of its own, and sample is set besides"
            hint = "TracerProvider(sampler=ParentBased(TraceIdRatioBased(0.1))), or no provider"
            raise GambrelError("tracing.two-samplers", what, "Tracing(provider=...)", hint)
        scrub = Scrubber(secret.reveal() for secret in setup.settings.secrets())
        traces, outgoing, work = RequestTraces(scrub), OutgoingTraces(scrub), WorkTraces()

        async def tracing() -> AsyncIterator[None]:
            found = self.provider or (named_provider() if given.sample is None else None)
            provider = found or make_provider(given.sample, given.service)
            if found is None and named_provider() is None:
                trace.set_tracer_provider(provider)
            for one in (traces, outgoing, work):
                one.use(provider)
            try:
                yield
            finally:
                await self.end(provider, given.flush, is_ours=found is None)

        setup.lifespan(tracing)
        setup.add(ENTRANCES, traces.enter)
        setup.add(OUTGOING, outgoing.begin)
        setup.add(WORK, work.hear)
        setup.add(SPAN_IDS, traces.ids_of)
        setup.on(RequestFailed, traces.record)

    async def end(self, provider: Any, seconds: float, *, is_ours: bool) -> None:
        """Send the last spans: our provider is shut down, another's lives on if it can."""
        is_sent = await end_within(seconds, provider.shutdown if is_ours else provider.force_flush)
        if not is_sent and not is_ours:  # or it waits for its collector once the process ends
            await end_within(0, provider.shutdown)
