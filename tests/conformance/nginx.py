"""nginx in front of a server, with its files in a folder of the test, and what it has forwarded."""

import asyncio
import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import SERVICES
from tests.server.live import PATIENCE, until

__all__ = ["Forwarded", "Nginx", "nginx"]

CONFIGURATION = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    log_format forwarded escape=json
        '["$request_method","$request_uri","$request_body","$upstream_addr","$status","$upstream_http_x_seen"]';
    access_log {folder}/access.log forwarded;
    client_header_timeout 1s; client_body_timeout 1s; keepalive_timeout 1s; lingering_close off;
    proxy_ignore_client_abort on;
    client_body_buffer_size 128k; client_body_in_single_buffer on;
    upstream app {{ server 127.0.0.1:{app}; keepalive 8; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://app; proxy_http_version 1.1; proxy_request_buffering {buffering};
            proxy_set_header Host localhost; proxy_set_header Connection "";
        }}
    }}
}}
"""

Forwarded = tuple[str, str, str]
"""Method, target and body of a request."""


class Nginx:
    """A running one."""

    def __init__(self, folder: Path, port: int) -> None:
        self.log = folder / "access.log"
        self.port = port

    async def send(self, data: bytes) -> bytes:
        """Return what is answered to `data` until the end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            async with asyncio.timeout(PATIENCE):
                return await reader.read()
        except ConnectionError:
            return b""
        finally:
            writer.transport.abort()

    def requests(self) -> list[tuple[Forwarded, str]]:
        """Return what was forwarded, and what came of it.

        `seen` is what the app has answered, and says so by a header field; `cut` is what nginx gave
        up, so that the app may have seen it or not; `refused` is the rest.
        """
        found = []
        for line in self.log.read_bytes().decode("latin-1").splitlines():
            method, target, body, upstream, status, seen = json.loads(line)
            fate = "seen" if seen else "cut" if status in {"408", "499"} else "refused"
            if upstream:
                found.append(((method, target, body), fate))
        return found


@contextmanager
def nginx(folder: Path, app_port: int, *, buffering: str) -> Iterator[Nginx]:
    """Run nginx before a server; `buffering` says whether it waits for the whole body."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    file = folder / "nginx.conf"
    file.write_text(
        CONFIGURATION.format(folder=folder, app=app_port, port=port, buffering=buffering)
    )
    command = [
        str(SERVICES["nginx"]()),
        "-p",
        str(folder),
        "-e",
        str(folder / "error.log"),
        "-c",
        str(file),
    ]
    process = subprocess.Popen(command)
    try:
        yield Nginx(folder, port)
    finally:
        process.terminate()
        process.wait(PATIENCE)


async def listens(port: int) -> None:
    """Return once somebody listens at a port."""

    def is_open() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    await until(is_open)
