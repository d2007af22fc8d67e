"""The provider of an app that is given none: made from the standard variables, and ended in time.

A collector that is dead or slow costs no request anything, and a stop no more than was agreed.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from gambrel.core.http.errors import GambrelError

__all__ = ["end_within", "make_provider", "named_provider"]

_log = logging.getLogger("gambrel.tracing")
_OTLP = {"http/protobuf": "proto_http", "grpc": "proto_grpc", "http/json": "json_http"}


def named_provider() -> Any:
    """Return the provider that this process has, set by its code or by `opentelemetry-instrument`.

    None where there is none.
    """
    found = trace.get_tracer_provider()
    return found if isinstance(found, TracerProvider) else None


def make_provider(sample: float | None, service: str) -> TracerProvider:
    """Return a provider as the variables `OTEL_*` ask for it.

    `sample` is the share of traces that begin here; `service` the name, unless a variable has one.

    Raises:
        GambrelError: An exporter is named that is not installed.
    """
    told = os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    is_named = bool(os.environ.get("OTEL_SERVICE_NAME")) or "service.name=" in told
    provider = TracerProvider(
        sampler=None if sample is None else ParentBased(TraceIdRatioBased(sample)),
        resource=Resource.create({} if is_named or not service else {"service.name": service}),
        shutdown_on_exit=False,  # which waits for half a minute
    )
    for name in exporter_names():
        provider.add_span_processor(BatchSpanProcessor(exporter(name)()))
    return provider


def exporter_names() -> list[str]:
    """Return the exporters asked for, `otlp` by default, by the names of their entry points."""
    names = [name.strip() for name in os.environ.get("OTEL_TRACES_EXPORTER", "otlp").split(",")]
    return [otlp_name() if name == "otlp" else name for name in names if name not in {"", "none"}]


def otlp_name() -> str:
    """Return the name of the exporter for the protocol that is set."""
    variables = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
    protocol = next(filter(None, map(os.environ.get, variables)), "http/protobuf")
    return f"otlp_{_OTLP.get(protocol, protocol)}"


def exporter(name: str) -> Callable[[], Any]:
    """Return the class of an exporter. Raises GambrelError."""
    for found in entry_points(group="opentelemetry_traces_exporter", name=name):
        return found.load()  # type: ignore[no-any-return]  # what the entry point promises
    package = f"opentelemetry-exporter-{name.replace('_', '-')}"
    raise GambrelError(
        "tracing.exporter",
        f"the exporter {name!r} is not installed",
        "OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP_PROTOCOL",
        f"pip install {package}, or set OTEL_TRACES_EXPORTER=otlp, console or none",
    )


async def end_within(seconds: float, end: Callable[[], Any]) -> bool:
    """Run what blocks in a thread, and say whether it ended within `seconds`.

    Nobody waits for that thread after: not even the end of the process, as for one of a pool.
    """
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def work() -> None:
        try:
            end()
        except Exception:
            _log.exception("sending the last spans failed")
        if not loop.is_closed():
            loop.call_soon_threadsafe(done.set)

    threading.Thread(target=work, name="gambrel-last-spans", daemon=True).start()
    try:
        async with asyncio.timeout(seconds):
            await done.wait()
    except TimeoutError:
        _log.warning("the last spans were not taken within %g s, and are lost", seconds)
        return False
    return True
