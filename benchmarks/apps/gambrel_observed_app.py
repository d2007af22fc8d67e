"""Gambrel with what is named in BENCH_OBSERVED: some of the keys of `KNOWN`, or nothing."""

import os
from typing import Any

from gambrel import App
from gambrel.observability import AccessLog
from gambrel.observability.metrics import Metrics
from gambrel.observability.tracing import Tracing

os.environ["OTEL_TRACES_EXPORTER"] = "none"
KNOWN: dict[str, Any] = {
    "access-log": AccessLog(file=os.devnull, form="json"),
    "metrics": Metrics(),
    "tracing": Tracing(sample=0.0),
    "sampled": Tracing(sample=1.0),
}
app = App(extensions=[KNOWN[name] for name in os.environ.get("BENCH_OBSERVED", "").split()])


@app.get("/plaintext")
async def plaintext() -> str:
    return "Hello, World!"


@app.get("/json")
async def message() -> dict[str, str]:
    return {"message": "Hello, World!"}
