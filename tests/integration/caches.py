"""Shared caches in front of a server: nginx and Varnish, set up to keep whatever they may.

Both look cookies and credentials of visitors in no way: what an answer says of itself has to do.
"""

import http.client
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.conftest import SERVICES

__all__ = ["CACHES", "Answer", "Ask", "cached"]

NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    proxy_cache_path {folder}/cache keys_zone=all:1m;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{app}; proxy_set_header Host $http_host;
            proxy_cache all; proxy_cache_valid any 1h; proxy_cache_key $uri$is_args$args;
            proxy_cache_methods GET HEAD; add_header X-Cache $upstream_cache_status always;
        }}
    }}
}}
"""
VARNISH = """
vcl 4.1;
backend app {{ .host = "127.0.0.1"; .port = "{app}"; }}
sub vcl_recv {{ if (req.method == "GET" || req.method == "HEAD") {{ return (hash); }} }}
sub vcl_backend_response {{ set beresp.ttl = 1h; set beresp.grace = 0s; }}
sub vcl_deliver {{
    set resp.http.X-Cache = "MISS";
    if (obj.hits > 0) {{ set resp.http.X-Cache = "HIT"; }}
}}
"""

Answer = tuple[int, dict[str, str], str]
"""Status, header fields by lower-case name, text."""
Ask = Callable[..., Answer]


@contextmanager
def cached(kind: str, folder: Path, app_port: int) -> Iterator[Ask]:
    """Run a cache in front of a server, and yield what asks it: `ask(method, path, **headers)`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    file = folder / f"{kind}.conf"
    text = (NGINX if kind == "nginx" else VARNISH).format(folder=folder, app=app_port, port=port)
    file.write_text(text)
    process = subprocess.Popen(
        COMMANDS[kind](file, port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    def ask(method: str, path: str, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
            connection.request(method, path, headers=named)
            answer = connection.getresponse()
            found: dict[str, str] = {}
            for name, value in answer.getheaders():  # several lines of one name stay apart
                known = found.get(name.lower())
                found[name.lower()] = value if known is None else f"{known}\n{value}"
            return answer.status, found, answer.read().decode()

    try:
        for _ in range(200):
            with socket.socket() as probe:
                probe.settimeout(0.1)
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise RuntimeError(f"{kind} has ended with {process.returncode}")
            time.sleep(0.1)
        yield ask
    finally:
        process.terminate()
        process.wait(20)


def nginx_command(file: Path, port: int) -> list[str]:
    """Return what starts nginx."""
    folder = str(file.parent)
    return [str(SERVICES["nginx"]()), "-p", folder, "-e", f"{folder}/error.log", "-c", str(file)]


def varnish_command(file: Path, port: int) -> list[str]:
    """Return what starts Varnish, whose builtin rules follow ours."""
    place = ["-n", str(file.parent / "varnish"), "-a", f"127.0.0.1:{port}", "-j", "none"]
    store = ["-s", "default,10m", "-p", "thread_pools=1", "-p", "thread_pool_min=10"]
    return [str(SERVICES["varnish"]()), "-F", "-f", str(file), *place, *store]


COMMANDS = {"nginx": nginx_command, "varnish": varnish_command}
CACHES = tuple(COMMANDS)
