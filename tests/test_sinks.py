import io
import os
import resource
import threading
from pathlib import Path

import pytest

from gambrel.sinks import Sink


class Recorder(io.StringIO):
    """A stream without a descriptor that remembers how often it was written to."""

    writes = 0

    def __init__(self) -> None:
        super().__init__()
        self.was_written = threading.Event()

    def write(self, text: str) -> int:
        self.writes += 1
        written = super().write(text)
        self.was_written.set()
        return written


def told(lost: int) -> str:
    return f"{lost} lost"


def test_lines_are_written_in_one_batch():
    stream = Recorder()
    sink = Sink(str, told, stream, delay=3_600)
    for number in range(50):
        sink.put(number)

    assert sink.close()
    assert stream.getvalue().splitlines() == [str(number) for number in range(50)]
    assert stream.writes == 1


def test_a_full_batch_does_not_wait():
    stream = Recorder()
    sink = Sink(str, told, stream, batch=3, delay=3_600)
    for number in range(3):
        sink.put(number)

    assert stream.was_written.wait(10)
    assert sink.close()


def test_a_few_lines_are_written_after_the_delay():
    stream = Recorder()
    sink = Sink(str, told, stream, delay=0.001)
    sink.put("one")

    assert stream.was_written.wait(10)
    assert sink.close()


def test_it_may_be_used_again_after_its_end():
    stream = Recorder()
    sink = Sink(str, told, stream)
    sink.put("one")
    sink.close()
    sink.put("two")

    assert sink.close()
    assert stream.getvalue() == "one\ntwo\n"


def test_nobody_waits_for_a_pipe_that_nobody_reads():
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe, os.fdopen(writing, "w") as stream:
        sink = Sink(str, told, stream, pending=100, batch=1, delay=0)
        for _ in range(1_000):
            sink.put("x" * 10_000)

        assert not sink.close(0.01)
        while b"lost" not in (data := os.read(pipe.fileno(), 65_536)):
            assert data  # what waited comes, and how much did not


def test_a_file_gets_what_is_no_text(tmp_path: Path):
    with (tmp_path / "log").open("w", encoding="utf-8") as stream:
        sink = Sink(str, told, stream)
        sink.put("a \ud800 b")

        assert sink.close()
    assert (tmp_path / "log").read_text() == "a \\ud800 b\n"


def test_a_stream_that_fails_is_told_once_and_its_lines_are_counted(
    caplog: pytest.LogCaptureFixture,
):
    class Full(io.StringIO):
        is_full = True

        def write(self, text: str) -> int:
            if self.is_full:
                raise OSError("no space left")
            return super().write(text)

    stream = Full()
    sink = Sink(str, told, stream)
    for _ in range(3):
        sink.put("x")
        assert not sink.close()
    stream.is_full = False
    sink.put("y")

    assert sink.close()
    assert stream.getvalue() == "y\n3 lost\n"
    assert [record.getMessage() for record in caplog.records] == [
        "lines are lost: OSError: no space left"
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_ends_nothing():
    with Path("/dev/full").open("w") as stream:
        sink = Sink(str, told, stream)
        sink.put("x")

        assert not sink.close()
        assert sink.fault == "OSError"


def test_a_batch_is_told_once_and_every_line_ends():
    stream = Recorder()
    sink = Sink(str, told, stream, batch=2, delay=3_600)
    for number in range(1_000):
        sink.put(number)

    assert sink.close()
    assert stream.getvalue() == "".join(f"{number}\n" for number in range(1_000))


def test_what_is_gathered_late_is_written_and_its_failure_ends_nothing():
    stream, ready, failures = Recorder(), ["one"], [ValueError("not now")]

    def gather() -> None:
        if failures:
            raise failures.pop()
        sink.put_all(ready)
        ready.clear()

    sink = Sink(str, told, stream, gather=gather)
    sink.rouse()
    while failures:
        pass
    sink.rouse()

    assert sink.close()
    assert stream.getvalue() == "one\n"


def test_many_lines_at_once_count_as_lost_where_there_is_no_room():
    stream = Recorder()
    sink = Sink(str, told, stream, pending=3, delay=3_600)
    sink.put("a")
    sink.put_all(["b", "c", "d"])
    sink.put_all(["e", "f"])

    assert sink.close()
    assert stream.getvalue() == "a\ne\nf\n3 lost\n"


def test_a_line_that_was_cut_by_a_full_disk_takes_no_other_with_it(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with (tmp_path / "log").open("w") as stream:
        sink = Sink(str, told, stream, delay=0)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
        try:
            sink.put("x" * 1_000)
            assert not sink.close()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        sink.put("y")

        assert sink.close()

    assert (tmp_path / "log").read_text() == f"{'x' * 100}\ny\n1 lost\n"


def test_a_pipe_that_takes_no_more_for_now_is_waited_for():
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with os.fdopen(reading, "rb") as pipe, os.fdopen(writing, "w") as stream:
        sink = Sink(str, told, stream, delay=0)
        for _ in range(100):
            sink.put("x" * 10_000)
        read = b""
        while read.count(b"\n") < 100:
            read += os.read(pipe.fileno(), 65_536)

        assert sink.close()

    assert read == (b"x" * 10_000 + b"\n") * 100
