"""A line for every answer while an app is developed, in colour on a terminal."""

import os
import sys
from datetime import datetime
from typing import TextIO

import click

from gambrel import Request
from gambrel.cli.reload.refresh import PREFIX
from gambrel.cli.serving.access_log import told
from gambrel.sinks import Sink

__all__ = ["RequestLog"]

_COLOURS = {1: "cyan", 2: "green", 3: "cyan", 4: "yellow", 5: "red"}


class RequestLog:
    """Called by the server for each answer; writes to `stream`, or the standard output."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._sink = Sink(str, told, stream, delay=0.02)
        self.is_coloured = (stream or sys.stdout).isatty() and not os.environ.get("NO_COLOR")

    def __call__(self, request: Request, status: int, size: int, seconds: float) -> None:
        """Note an answer: local time, what was asked, the status and how long it took."""
        if request.raw_path.startswith(PREFIX):
            return
        target = request.raw_path + (f"?{request.query_string}" if request.query_string else "")
        target = target.encode("ascii", "backslashreplace").decode()
        shown = click.style(status, _COLOURS.get(status // 100)) if self.is_coloured else status
        now = datetime.now().astimezone()
        took = f"{seconds * 1000:.1f} ms"
        self._sink.put(f"{now:%H:%M:%S} {shown} {request.method} {target} {took}")

    def close(self) -> None:
        """Write what is waiting."""
        self._sink.close()
