"""`python -m benchmarks.rendering`: the table of fifty rows alone, by Jinja and by our renderer.

No server and no request: what is shown is the best of many runs in this process, in microseconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import jinja2

from benchmarks.apps.page.content import PEOPLE
from gambrel.templates import Renderer
from gambrel.templates.environment import TemplateEnvironment
from gambrel.templates.folders import Place

FOLDER = Path(__file__).parent / "apps/page/templates"


def best(make: Callable[[], str], runs: int = 15, times: int = 200) -> float:
    """The shortest mean time of a call, in microseconds."""
    found = []
    for _ in range(runs):
        begin = time.perf_counter()
        for _ in range(times):
            make()
        found.append((time.perf_counter() - begin) / times)
    return min(found) * 1e6


def main() -> None:
    values = {"title": "People", "people": PEOPLE}
    loader = jinja2.FileSystemLoader(FOLDER)
    template = jinja2.Environment(loader=loader, autoescape=True).get_template("rows.html")
    renderer = Renderer(TemplateEnvironment([Place(FOLDER, "app")], reload=False), {})
    assert renderer.render("rows.html", values) == template.render(values)
    print(f"Jinja {best(lambda: template.render(values)):.0f} µs")
    print(f"Gambrel {best(lambda: renderer.render('rows.html', values)):.0f} µs")


if __name__ == "__main__":
    main()
