"""Traces of requests, in the terms of OpenTelemetry: a span for each, and what is done in it below.

    app = App(extensions=[Tracing()])

Where they go is said by the standard variables: `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_SERVICE_NAME`.
A request that is not sampled pays for the decision, and no span is made.
"""

from gambrel.core.http.errors import GambrelError

try:
    from gambrel.observability.tracing.extension import Tracing
except ModuleNotFoundError as error:
    if not (error.name or "").startswith("opentelemetry"):
        raise
    raise GambrelError(
        "tracing.not-installed",
        f"tracing needs {error.name}, which is not installed",
        "gambrel.observability.tracing",
        "pip install 'gambrel[tracing]'",
    ) from error

__all__ = ["Tracing"]
