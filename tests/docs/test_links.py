"""Every link within the repository leads somewhere; nothing is asked of the network."""

from pathlib import Path

import pytest

from tests.architecture.source import ROOT
from tests.docs.pages import anchors, links, pages


def leads_somewhere(page: Path, link: str) -> bool:
    if link.partition(":")[0] in {"http", "https", "mailto"}:
        return True
    path, _, fragment = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.is_relative_to(ROOT) or not target.exists():
        return False
    return not fragment or target.suffix != ".md" or fragment in anchors(target)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_within_the_repository_lead_somewhere(page):
    broken = [link for link in links(page) if not leads_somewhere(page, link)]

    assert broken == []
