"""Starts one target on a free port of 127.0.0.1, pinned to one CPU, and ends it again."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from benchmarks.targets import RESULTS, VENVS, Target

START_SECONDS = 30.0
STOP_SECONDS = 3.0


class StartError(Exception):
    """A server ended or did not answer its probe with 200 in time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One response; the media type without parameters, the cookies as the client returns them."""

    status: int
    media_type: str
    body: bytes
    cookies: str


@dataclass(frozen=True, slots=True)
class Server:
    """A started target. `session` is the process id its whole process tree shares."""

    target: Target
    port: int
    session: int
    process: subprocess.Popen[bytes]

    def fetch(self, method: str, path: str, body: bytes | None = None, cookie: str = "") -> Answer:
        """One request on a connection of its own; raises `OSError` or `HTTPException`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            if cookie:
                headers["Cookie"] = cookie
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            media_type = (response.getheader("Content-Type") or "").partition(";")[0]
            lines = response.headers.get_all("Set-Cookie", [])
            cookies = "; ".join(line.partition(";")[0] for line in lines)
            return Answer(response.status, media_type.strip(), response.read(), cookies)
        finally:
            connection.close()

    def wait(self) -> None:
        """Returns after the first 200; raises `StartError` when there is none."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise StartError(f"ended with {self.process.returncode}; see its log")
            with suppress(OSError, http.client.HTTPException):
                if self.fetch("GET", self.target.probe).status == 200:
                    return
            time.sleep(0.002)
        raise StartError(f"no 200 within {START_SECONDS:.0f} s; see its log")


@contextmanager
def launched(target: Target, cpu: int) -> Iterator[Server]:
    """The target's processes, just started (not yet listening); ended on leaving."""
    binary = VENVS / target.environment / "bin" / target.command[0]
    if not binary.exists():
        raise StartError("not installed: run `python -m benchmarks setup`")
    port = _free_port()
    kind = target.variables.get("BENCH_KIND", "")
    arguments = [part.format(port=port, kind=kind) for part in target.command[1:]]
    variables = {**_environment(target, binary.parent), "PORT": str(port), **target.variables}
    logs = RESULTS / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / f"{target.name}.log").open("wb") as log:
        process = subprocess.Popen(
            ["taskset", "--cpu-list", str(cpu), str(binary), *arguments],
            cwd=target.folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield Server(target, port, process.pid, process)
    finally:
        _end(process)


@contextmanager
def serving(target: Target, cpu: int) -> Iterator[Server]:
    """The target, started and answering; raises `StartError`."""
    with launched(target, cpu) as server:
        server.wait()
        yield server


def _environment(target: Target, binaries: os.PathLike[str]) -> Mapping[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    path = f"{os.fspath(binaries)}{os.pathsep}{kept.get('PATH', '')}"
    return {**kept, "PATH": path, "PYTHONPATH": str(target.folder)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    # The group is the session we started: only this target's own processes are in it.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
