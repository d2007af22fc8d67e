"""Everything public is explained under a heading of the reference.

`NOT_YET` is a debt: it may only shrink.
"""

import importlib
import re

import click

from tests.docs.pages import DOCS, headings

MODULES = (
    "gambrel",
    "gambrel.client",
    "gambrel.extend",
    "gambrel.files",
    "gambrel.headers",
    "gambrel.middleware",
    "gambrel.observability",
    "gambrel.signing",
    "gambrel.webhooks",
    "gambrel.templates",
    "gambrel.testing",
)
NOT_YET: set[str] = set()


def explained() -> set[str]:
    """Return the words of all headings of the reference: `App.get(path)` gives App and get."""
    return {
        word
        for page in (DOCS / "reference").rglob("*.md")
        for heading in headings(page)
        for word in re.findall(r"[\w-]+", heading)
    }


def public() -> set[str]:
    return {name for module in MODULES for name in importlib.import_module(module).__all__}


def commands() -> set[str]:
    main = importlib.import_module("gambrel.cli.main").main
    return set(main.list_commands(click.Context(main)))


def test_every_public_name_and_command_has_a_heading_in_the_reference():
    missing = (public() | commands()) - explained()

    assert missing == NOT_YET
