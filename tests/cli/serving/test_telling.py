import io
import sys

from gambrel.cli.serving.telling import say


class Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError("no space left")


def test_a_line_is_written(capsys):
    say("one")
    say("two", err=True)

    assert capsys.readouterr() == ("one\n", "two\n")


def test_a_full_disk_is_no_reason_to_end(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Full())

    assert say("one") is None
