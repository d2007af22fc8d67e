"""Bodies that are meant to cost much, for every way to read one (T-C19-1, T-C19-2)."""

import gzip
import http.client
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.processes import PATIENCE, Started, get

pytestmark = pytest.mark.slow
APP = Path(__file__).with_name("bodies_app.py")
READERS = (
    *("/typed", "/typed/many", "/json", "/any", "/form", "/form/typed", "/bytes", "/stream"),
)
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="a"'
GROWTH = 100 << 20
"""Bytes that the process may have more of afterwards: a hundred times what a body may have."""


class Hostile(NamedTuple):
    """A body, and what is said of it."""

    name: str
    kind: str
    body: bytes
    coding: str = ""

    def __repr__(self) -> str:
        return self.name


BODIES = (
    Hostile("arrays in arrays", JSON, b"[" * 1_000_000),
    Hostile("objects in objects", JSON, b'{"a":' * 190_000),
    Hostile("a million members", JSON, b"[" + b"1," * 500_000 + b"1]"),
    Hostile(
        "names without end",
        JSON,
        b'{"name":"a",%s}' % b",".join(b'"%d":1' % n for n in range(90_000)),
    ),
    Hostile("a long number", JSON, b"1" * 1_000_000),
    Hostile("a long exponent", JSON, b'{"name":"a","tags":[1e%s]}' % (b"9" * 100_000)),
    Hostile("a number that is none", JSON, b'{"name":"a","tags":[NaN]}'),
    Hostile("lone surrogates", JSON, b'{"name":"\\ud800"}'),
    Hostile("utf-16", JSON, '{"name":"a"}'.encode("utf-16")),
    Hostile("a long text", JSON, b'"' + b"\\u0041" * 160_000 + b'"'),
    Hostile("a million fields", FORM, b"a&" * 500_000),
    Hostile("one name again and again", FORM, b"ids=1&" * 170_000),
    Hostile("escapes", FORM, b"a=" + b"%41" * 330_000),
    Hostile("many parts", MULTIPART, (PART + b"\r\n\r\nx\r\n") * 17_000),
    Hostile("many headers", MULTIPART, PART + b"\r\nX-Y: z" * 120_000),
    Hostile("a long header", MULTIPART, PART + b"\r\nX: " + b"y" * 1_000_000),
    Hostile("a preamble", MULTIPART, b"x" * 1_000_000),
    Hostile("nearly a boundary", MULTIPART, PART + b"\r\n\r\n" + b"\r\n--a" * 200_000),
    Hostile("a field without an end", MULTIPART, PART + b"\r\n\r\n\r" + b"x" * 1_000_000),
    Hostile("a bomb", JSON, gzip.compress(b'"' + bytes(300_000_000)), "gzip"),
    Hostile("a bomb of fields", FORM, gzip.compress(b"a&" * 50_000_000), "gzip"),
    Hostile("bombs one behind the other", JSON, gzip.compress(b"") * 50_000, "gzip"),
)


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[Started, int]]:
    """The app, served by one process for all bodies."""
    run = Started(["run", str(APP), "--port", "0"], {})
    yield run, run.port()
    run.close()


def figure(port: int, name: str) -> float:
    """Return a figure of the process."""
    found = re.search(rf"^{name} (\S+)$", get(port, "/metrics")[1], re.MULTILINE)
    assert found is not None
    return float(found[1])


def status_of(port: int, path: str, hostile: Hostile, *, is_chunked: bool) -> int:
    """Send a body, and return what it was answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    headers = {"content-type": hostile.kind}
    if hostile.coding:
        headers["content-encoding"] = hostile.coding
    body = (hostile.body[at : at + 4_000] for at in range(0, len(hostile.body), 4_000))
    with suppress(OSError):  # it may answer before all is sent, and close
        connection.request(
            "POST", path, body if is_chunked else hostile.body, headers, encode_chunked=is_chunked
        )
    try:
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0  # closed in the middle of an upload that was refused
    finally:
        connection.close()


@pytest.mark.parametrize("hostile", BODIES, ids=repr)
def test_c19_a_costly_body_is_refused_or_read_by_every_reader(site, hostile: Hostile):
    run, port = site
    before, descriptors = (
        figure(port, "process_resident_memory_bytes"),
        figure(port, "process_open_fds"),
    )

    found = {
        (path, is_chunked): status_of(port, path, hostile, is_chunked=is_chunked)
        for path in READERS
        for is_chunked in (False, True)
    }

    assert set(found.values()) <= {0, 200, 400, 413, 415, 422}, found
    assert {found["/bytes", False], found["/stream", True]} <= {0, 200, 400, 413, 415}
    assert get(port) == (200, "here")
    assert figure(port, "process_resident_memory_bytes") - before < GROWTH
    assert figure(port, "process_open_fds") <= descriptors + 2
    assert run.process.poll() is None
