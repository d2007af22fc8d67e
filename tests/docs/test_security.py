"""The page about attacks names tests that exist."""

import re

from tests.docs.pages import DOCS
from tests.docs.test_parity import PROOF, functions_of

ROW = re.compile(r"^\| (T-C\d\d-\d) \|(.*)$", re.MULTILINE)
ROWS = ROW.findall((DOCS / "reference/security.md").read_text(encoding="utf-8"))


def test_every_attack_stands_once_and_in_order():
    names = [name for name, _ in ROWS]

    assert names == sorted(set(names))
    assert len(names) > 15


def test_every_attack_is_tried_by_tests_that_exist():
    untried = [
        f"{name}: {proof}"
        for name, columns in ROWS
        for proof in PROOF.findall(columns) or [("", "")]
        if proof[1] not in functions_of(proof[0])
    ]

    assert untried == []
