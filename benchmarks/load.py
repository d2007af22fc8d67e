"""The workloads, their request headers, and the driver of `wrk` (one thread, one CPU).

`wrk` is told by a generated Lua script what to send and to print its summary as JSON.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from typing import Final

CONNECTIONS: Final = 64
ORDER: Final = {
    "customer": "Ada Lovelace",
    "email": "ada@example.org",
    "items": [
        {"sku": "A-100", "qty": 2, "price": 9.5},
        {"sku": "B-200", "qty": 1, "price": 19.0},
        {"sku": "C-300", "qty": 3, "price": 4.25},
        {"sku": "D-400", "qty": 10, "price": 0.5},
        {"sku": "E-500", "qty": 1, "price": 100.0},
    ],
    "note": None,
}
POST: Final = {"title": "A post", "body": "Of a hundred letters. " * 5, "score": 7}
TYPICAL_HEADERS: Final = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en-GB,en;q=0.9,de;q=0.8",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Referer": "https://shop.example.org/orders/index.html",
    "Cookie": "session=eyJ1aWQiOjQyfQ.ZzZ6eA.0123456789abcdef0123456789abcdef; theme=dark",
    "Sec-Fetch-Mode": "navigate",
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Proto": "https",
    "X-Request-Id": "00000000000000000000000000000000",
}
# "1": Host only. "10": Host and the ten above, the same bytes each time. "varying": "10" with
# another X-Request-Id in every request, so a server cannot remember a parsed header block.
HEADER_SETS: Final = ("1", "10", "varying")
_VARYING: Final = """
local pool, turn = {}, 0
function init(arguments)
  for number = 1, 10000 do
    wrk.headers["X-Request-Id"] = string.format("%032x", number * 7919)
    pool[number] = wrk.format()
  end
end
function request()
  turn = turn % #pool + 1
  return pool[turn]
end
"""
_SUMMARY: Final = """
function done(summary, latency, requests)
  local broken = summary.errors
  io.write(string.format('{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, ' ..
    '"refused": %d, "broken": %d}', summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), broken.status,
    broken.connect + broken.read + broken.write + broken.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of request; with the cookies that `login` sets, where there is one."""

    name: str
    title: str
    method: str
    path: str
    body: bytes = b""
    login: str = ""


WORKLOADS: Final = {
    workload.name: workload
    for workload in (
        Workload("page", "a whole page", "GET", "/products/42", login="/login"),
        Workload("rows", "a table of fifty rows", "GET", "/rows"),
        Workload("W1", "text", "GET", "/plaintext"),
        Workload("W2", "JSON", "GET", "/json"),
        Workload("W3", "typed path and query", "GET", "/users/42?limit=5&q=abc"),
        Workload("W4", "validated body", "POST", "/orders", json.dumps(ORDER).encode()),
        Workload("row", "one row by its id", "GET", "/db"),
        Workload("unit", "one row, in a transaction", "GET", "/db/session"),
        Workload("queries", "20 rows by 20 queries", "GET", "/queries?queries=20"),
        Workload("fortunes", "a page of 13 rows, sorted", "GET", "/fortunes"),
        Workload("updates", "20 rows read and changed", "POST", "/updates?queries=20"),
        Workload("list", "30 rows of 10,000, and their number", "GET", "/posts"),
        Workload("create", "a row created", "POST", "/posts", json.dumps(POST).encode()),
    )
}
# Those that every target answers; those of the apps with a database, and of SQLite alone.
MICRO: Final = ("W1", "W2", "W3", "W4")
DATABASE: Final = ("W1", "W2", "row", "unit", "queries", "fortunes", "updates")
RECORDS: Final = ("list", "create")


class LoadError(Exception):
    """`wrk` failed, or the server refused or broke off requests."""


@dataclass(frozen=True, slots=True)
class Load:
    """What `wrk` saw in one window; latencies in microseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float


def drive(
    port: int, workload: Workload, headers: str, *, seconds: int, cpu: int, cookie: str = ""
) -> Load:
    """Sends the workload to 127.0.0.1 for `seconds`; raises `LoadError`."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_script(workload, headers, cookie))
        script.flush()
        url = f"http://127.0.0.1:{port}{workload.path}"
        options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script.name]
        command = ["taskset", "--cpu-list", str(cpu), "wrk", *options, url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30)
    if done.returncode:
        raise LoadError(done.stderr.strip() or done.stdout.strip())
    seen = json.loads(done.stdout.splitlines()[-1])
    if seen["refused"] or seen["broken"] or not seen["requests"]:
        raise LoadError("{requests} requests, {refused} refused, {broken} broken".format(**seen))
    return Load(seen["requests"], seen["microseconds"] / 1e6, seen["p50"], seen["p99"])


def _script(workload: Workload, headers: str, cookie: str) -> str:
    sent = dict(TYPICAL_HEADERS) if headers != "1" else {}
    if workload.body:
        sent["Content-Type"] = "application/json"
    if cookie:
        sent["Cookie"] = cookie
    lines = [f"wrk.headers[{json.dumps(name)}] = {json.dumps(sent[name])}" for name in sent]
    lines.append(f"wrk.method = {json.dumps(workload.method)}")
    if workload.body:
        lines.append(f"wrk.body = [[{workload.body.decode()}]]")
    return "\n".join(lines) + (_VARYING if headers == "varying" else "") + _SUMMARY
