"""The parity page tells the truth: each row once, each *yes* with a test that exists."""

import ast
import functools
import re

from tests.architecture.source import ROOT
from tests.docs.pages import DOCS

PAGE = DOCS / "parity.md"
APPLICATION = re.compile(r"^\| (B\d\w?) \| .+? \| (.+?) \| (.*?) \|$", re.MULTILINE)
ROW = re.compile(r"^\| (A\d+\.\d+) \| (.+?) \| (.+?) \| (.*?) \|$", re.MULTILINE)
PROOF = re.compile(r"`([^`]+)::(test_\w+)`")
STATES = {"yes", "partly", "not yet", "refused"}
# Rows per group: A1 has 34, A2 has 19, ...
SIZES = (
    34, 19, 25, 16, 11, 13, 17, 20, 12, 10, 13, 25, 22, 15, 27, 27, 12, 14, 6, 45, 29,
    10, 11, 9, 12, 13, 18, 9, 25, 12, 11, 13, 20, 11, 14, 20, 20, 20, 11, 7, 14,
)  # fmt: skip


def rows() -> list[tuple[str, str, str, str]]:
    """Return id, feature, state and last column of every row."""
    return ROW.findall(PAGE.read_text(encoding="utf-8"))


@functools.cache
def functions_of(path: str) -> frozenset[str]:
    """Return the names of the test functions in a file; none where it does not exist."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    found = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return frozenset(node.name for node in found if isinstance(node, ast.FunctionDef))


def test_every_row_is_there_once_and_in_order():
    expected = [f"A{g}.{n}" for g, size in enumerate(SIZES, 1) for n in range(1, size + 1)]

    assert [name for name, *_ in rows()] == expected


def test_every_row_has_one_of_four_states():
    strays = [f"{name}: {state}" for name, _, state, _ in rows() if state not in STATES]

    assert strays == []


def test_every_yes_names_tests_that_exist():
    unproven = [
        f"{name}: {proof}"
        for name, _, state, proof in rows()
        if state == "yes"
        and not all(test in functions_of(path) for path, test in PROOF.findall(proof) or [("", "")])
    ]

    assert unproven == []


def test_every_other_row_says_what_is_missing_or_why():
    silent = [
        name for name, _, state, words in rows() if state != "yes" and not re.search(r"\w", words)
    ]

    assert silent == []


def test_a_refusal_gives_a_reason_that_can_be_discussed():
    curt = [name for name, _, state, why in rows() if state == "refused" and len(why.split()) < 8]

    assert curt == []


def test_no_feature_is_named_twice_in_a_group():
    named = [(name.partition(".")[0], feature) for name, feature, *_ in rows()]

    assert len(set(named)) == len(named)


def test_applications_of_others_name_tests_that_exist():
    found = APPLICATION.findall(PAGE.read_text(encoding="utf-8"))

    assert [name for name, *_ in found] == sorted({name for name, *_ in found})
    for _, state, proof in found:
        assert state in STATES
        assert PROOF.findall(proof)
        assert all(test in functions_of(path) for path, test in PROOF.findall(proof))
