"""The corpus of hostile messages: `corpus/<outcome>/<name>.http`, raw bytes as a client sends them.

The folder says what comes of them: `taken-2` is two requests answered, `refused-400` a refusal
after which the connection closes, `taken-1-refused-400` both, and `cut` is what a client that
leaves has left incomplete. No request for `/smuggled` is ever to be seen by the app.
"""

import re
from pathlib import Path
from typing import NamedTuple

__all__ = ["CASES", "Case", "statuses"]

FOLDER = Path(__file__).with_name("corpus")
OUTCOME = re.compile(r"(?:taken-(\d+))?-?(?:refused-(\d+))?|cut")
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


class Case(NamedTuple):
    """One file: how many requests are answered, and the status of the refusal after them."""

    name: str
    data: bytes
    taken: int
    refused: int
    is_cut: bool

    def __repr__(self) -> str:
        return self.name


def load(path: Path) -> Case:
    """Return the case in a file."""
    found = OUTCOME.fullmatch(path.parent.name)
    assert found, f"{path.parent.name} is no outcome"
    taken, refused = found.groups("0")
    return Case(path.stem, path.read_bytes(), int(taken), int(refused), path.parent.name == "cut")


CASES = [load(path) for path in sorted(FOLDER.rglob("*.http"))]


def statuses(received: bytes) -> list[int]:
    """Return the statuses of the answers in what a server has sent, without interim ones.

    No body of the app that is served here holds a status line.
    """
    return [status for found in STATUS.findall(received) if (status := int(found)) >= 200]
