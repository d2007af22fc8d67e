import asyncio

from gambrel.observability.metrics.kinds import render
from gambrel.observability.metrics.process import process_metrics


def test_a_process_tells_of_itself():
    async def main() -> dict[str, float]:
        lines = render(process_metrics()).splitlines()
        pairs = [line.split(" ") for line in lines if not line.startswith("#")]
        return {name: float(value) for name, value in pairs}

    told = asyncio.run(main())

    assert told["asyncio_tasks"] == 1
    assert told["process_resident_memory_bytes"] > 1_000_000
    assert told["process_open_fds"] > 3
    assert told["process_cpu_seconds_total"] > 0


def test_time_that_was_spent_only_grows():
    kinds = {metric.name: metric.kind for metric in process_metrics()}

    assert kinds["process_cpu_seconds_total"] == "counter"
