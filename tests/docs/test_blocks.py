"""Documentation blocks run (see `conftest.py` at the root); leaving one out takes a reason."""

import re

from tests.architecture.source import ROOT
from tests.docs.pages import pages

SKIP = re.compile(r"<!-*\s*skip:\s*(.*?)\s*-*>")
REASON = re.compile(r"\w+ (if\(.+\)|\".+\")|end")


def test_a_block_is_left_out_with_a_reason_only():
    silent = [
        f"{page.relative_to(ROOT)}: {skip}"
        for page in pages()
        for skip in SKIP.findall(page.read_text(encoding="utf-8"))
        if not REASON.fullmatch(skip)
    ]

    assert silent == []
