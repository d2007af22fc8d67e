"""Stubs: a small file for each workflow that may be the riskiest, to be run and changed.

They are texts, `stubs/NAME.py.txt`: apps of whoever runs them, and no part of ours.
"""

from pathlib import Path

__all__ = ["STUBS", "read_stub"]

STUBS = Path(__file__).with_name("stubs")


def read_stub(risk: str) -> str:
    """Return the file for a workflow of the guide, which `gambrel run` serves as it is."""
    return (STUBS / f"{risk}.py.txt").read_text("utf-8")
