"""Names say what a thing is: the words that say nothing are refused."""

import re

from tests.architecture.source import PACKAGE, sources

EMPTY_WORDS = {
    "utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "managers",
    "internal", "contrib",
}  # fmt: skip
EMPTY_CLASS = re.compile(r"^(Base|Abstract)[A-Z]|(Base|Impl|Mixin|Manager|Helper|Util|Utils)$")


def test_no_file_or_folder_has_a_name_that_says_nothing():
    empty = [
        source.name
        for source in sources()
        if EMPTY_WORDS & {part.strip("_") for part in source.path.relative_to(PACKAGE).parts}
        or source.path.stem.strip("_") in EMPTY_WORDS
    ]

    assert empty == []


def test_no_class_is_named_by_how_it_is_made():
    empty = [
        f"{source.name}::{name}"
        for source in sources()
        for name, _ in source.classes()
        if EMPTY_CLASS.search(name.rpartition(".")[2])
    ]

    assert empty == []
