"""What a message over a WebSocket costs, and an open one that says nothing."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from benchmarks.load import LoadError
from benchmarks.measure import Plan, cpu_seconds, process_tree, resident_mb
from benchmarks.results import Run, Sample
from benchmarks.server import Server, StartError, serving
from benchmarks.targets import HOME, VENVS, Target

REFERENCE = "gambrel-socket"
CONNECTIONS = 50
IDLE = 2_000
CROWD = 10_000
PYTHON = VENVS / "gambrel" / "bin" / "python"


def measure_sockets(run: Run, targets: Iterable[Target], plan: Plan) -> Run:
    """Measures echo in each round, and memory and a broadcast in the first."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    chosen = list(targets)
    for number in range(plan.rounds):
        for target in chosen if number % 2 == 0 else reversed(chosen):
            try:
                with serving(target, plan.server_cpu) as server:
                    note(run, server, "echo", number, measure_echo(server, plan))
                    if number == 0:
                        note(run, server, "idle", number, measure_idle(server, plan))
                if number == 0 and target.name == REFERENCE:
                    with serving(target, plan.server_cpu) as server:
                        note(run, server, "broadcast", 0, measure_broadcast(server, plan))
            except (StartError, LoadError, OSError) as error:
                run.fail(target.name, str(error))
    return run


def note(run: Run, server: Server, workload: str, number: int, values: dict[str, float]) -> None:
    """Adds a sample, and prints it."""
    run.samples.append(Sample(server.target.name, workload, "", number, values))
    shown = "".join(f"{value:12,.2f} {name}" for name, value in values.items())
    print(f"round {number + 1}  {server.target.name} {workload:10}{shown}", flush=True)


def measure_echo(server: Server, plan: Plan) -> dict[str, float]:
    """CPU per message: 64 bytes of text there and back, on 50 connections."""
    with client(server, plan, CONNECTIONS, "echo", str(plan.seconds)) as told:
        next(told)
        processes = process_tree(server.session)
        before = cpu_seconds(processes)
        found, seconds, wrong = next(told).split()
        spent = cpu_seconds(processes) - before
    if int(wrong) or not int(found):
        raise LoadError(f"{found} messages, {wrong} of them wrong")
    return {"CPU µs": spent / int(found) * 1e6, "messages/s": int(found) / float(seconds)}


def measure_idle(server: Server, plan: Plan) -> dict[str, float]:
    """Memory of an open connection that says nothing."""
    before = resident_mb(process_tree(server.session))
    with client(server, plan, IDLE, "hold") as told:
        next(told)
        after = resident_mb(process_tree(server.session))
    return {"kB": (after - before) * 1024 / IDLE}


def measure_broadcast(server: Server, plan: Plan) -> dict[str, float]:
    """Seconds until 10,000 clients have one message."""
    with client(server, plan, CROWD, "hold", path="/room") as told:
        next(told)
        told.send("\n")
        processes = process_tree(server.session)
        before = cpu_seconds(processes)
        if (answer := server.fetch("POST", "/room", b"{}")).status != 200:
            raise LoadError(f"the message to all was answered {answer.status}")
        missing, seconds = next(told).split()
        spent = cpu_seconds(processes) - before
    if int(missing):
        raise LoadError(f"{missing} of {CROWD} clients got nothing")
    return {"CPU ms": spent * 1000, "ms until all have it": float(seconds) * 1000}


class Told:
    """What the client prints, line by line; it reads what is sent."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def __next__(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise LoadError("the client ended; the server may have refused it")
        return line

    def send(self, line: str) -> None:
        """Write a line, and wait until it was read."""
        assert self.process.stdin is not None
        self.process.stdin.write(line)
        self.process.stdin.flush()
        next(self)


@contextmanager
def client(
    server: Server, plan: Plan, connections: int, *mode: str, path: str = "/ws"
) -> Iterator[Told]:
    """Runs the load on its CPU, and ends it."""
    url = f"ws://127.0.0.1:{server.port}{path}"
    script = str(HOME / "socket_client.py")
    process = subprocess.Popen(
        [
            "taskset",
            "--cpu-list",
            str(plan.load_cpu),
            str(PYTHON),
            script,
            url,
            str(connections),
            *mode,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Told(process)
    finally:
        process.kill()
        process.communicate()
