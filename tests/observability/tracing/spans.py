"""Apps that are traced, and the spans that they have sent."""

from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from gambrel import App
from gambrel.testing import Client
from tests.server.live import run, serving

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
Asked = tuple[str, dict[str, str]]


class Spans:
    """A provider that keeps what is sent."""

    def __init__(self, sampler: Any = ALWAYS_ON) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))

    def all(self) -> list[ReadableSpan]:
        return list(self.exporter.get_finished_spans())

    def one(self) -> ReadableSpan:
        [span] = self.all()
        return span

    def told(self) -> dict[str, Any]:
        return dict(self.one().attributes or {})


def current() -> str:
    """Return the current span: `trace-span-flags`."""
    found = trace.get_current_span().get_span_context()
    return f"{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags & 1:02x}"


def id_of(span: ReadableSpan) -> str:
    """Return the same of a span that was sent."""
    assert span.context is not None
    return f"{span.context.trace_id:032x}-{span.context.span_id:016x}-01"


def by_native(app: App, *requests: Asked) -> list[tuple[int, str]]:
    """Ask on our server, target and headers each; return status and text of every answer."""
    answers = []

    async def main() -> None:
        async with serving(app) as live:
            for target, headers in requests:
                lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
                answer = await live.get(target, lines.encode())
                answers.append((answer.status, answer.body.decode()))

    run(main())
    return answers


def by_asgi(app: App, *requests: Asked) -> list[tuple[int, str]]:
    """Ask as another server does."""
    with Client(app, raise_server_errors=False) as client:
        answers = [client.get(target, headers=headers) for target, headers in requests]
        return [(answer.status_code, answer.text) for answer in answers]
