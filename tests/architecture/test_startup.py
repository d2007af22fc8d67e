"""A five-line app loads what it uses: asserted by modules, not by time (ADR 0013)."""

import ast
import http.client
import importlib
import os
import re
import signal
import subprocess
import sys
from collections import Counter

import pytest

from tests.architecture.source import Source, sources

FIVE_LINES = """
from gambrel import App

app = App()


@app.get("/")
async def hello() -> str:
    return "Hello, World!"
"""

SERVE = """
import sys
from gambrel.cli.main import main
try:
    main(["run", sys.argv[1], "--port", "0"])
except SystemExit:
    print(*sorted(sys.modules))
"""

# What loads the rest has loaded these already, on some Python or other.
FLOOR = """
import sys, asyncio, click, httptools, inspect, msgspec
print(*sys.modules)
"""

# Neither imported, nor built with, nor needed by the first request.
FORBIDDEN = {
    "csv",
    "dataclasses",
    "difflib",
    "email",
    "encodings.idna",
    "hashlib",
    "hmac",
    "html",
    "importlib.metadata",
    "ipaddress",
    "json",
    "mimetypes",
    "multipart",
    "random",
    "secrets",
    "shutil",
    "tempfile",
    "tomllib",
    "urllib.parse",
    "zlib",
    "gambrel.conversion.convert",
    "gambrel.conversion.schemas",
    "gambrel.conversion.shape",
    "gambrel.conversion.text",
    "gambrel.error_page",
    "gambrel.core.app.operations",
    "gambrel.core.binding.execute",
    "gambrel.core.edges.asgi",
    "gambrel.core.http.bodies.body",
    "gambrel.core.http.bodies.multipart",
    "gambrel.core.http.fields.cookies",
    "gambrel.core.http.fields.dates",
    "gambrel.core.http.fields.header_values",
    "gambrel.core.http.fields.media",
    "gambrel.core.http.fields.negotiation",
    "gambrel.core.http.proxies",
    "gambrel.streams.events",
    "gambrel.core.http.responses.streams",
    "gambrel.core.routing.explain",
    "gambrel.core.routing.handlers",
    "gambrel.core.routing.predicates",
    "gambrel.debug.extension",
    "gambrel.files.response",
    "gambrel.headers.cache_control",
    "gambrel.headers.conditional",
    "gambrel.middleware.extension",
    "gambrel.mounts.mount",
    "gambrel.openapi.described",
    "gambrel.openapi.document",
    "gambrel.openapi.page",
    "gambrel.openapi.publish",
    "gambrel.signing",
    "gambrel.tables",
    "gambrel.websockets",
    "picows",
}

# Functions that import, by file; in `cli` every command does. These counts only go down.
LATE = {
    "core/app/app.py": 2,
    "core/app/build.py": 4,
    "core/app/checks.py": 2,
    "core/app/errors.py": 2,
    "core/app/extension.py": 1,
    "conversion/shape.py": 1,
    "core/binding/dependencies.py": 1,
    "core/binding/extract.py": 5,
    "core/binding/generate.py": 1,
    "core/binding/plan.py": 2,
    "core/binding/result.py": 9,
    "core/http/bodies/forms.py": 3,
    "core/http/fields/header_values.py": 1,
    "core/http/host.py": 1,
    "core/http/query.py": 2,
    "core/http/request.py": 5,
    "core/http/response.py": 1,
    "core/http/url.py": 3,
    "core/routing/declared.py": 1,
    "core/routing/outcome.py": 2,
    "core/routing/paths.py": 1,
    "core/routing/reverse.py": 3,
    "core/routing/route.py": 1,
    "core/routing/table.py": 1,
    "core/routing/versioning.py": 1,
    "db/connections/engines.py": 1,
    "db/writing/rules.py": 1,
    "db/extension.py": 1,
    "files/media/images.py": 2,
    "forms/extension.py": 2,
    "limits/stores/redis.py": 1,
    "middleware/headers/extension.py": 1,
    "mounts/extension.py": 1,
    "observability/metrics/extension.py": 1,
    "openapi/extension.py": 4,
    "server/protocol.py": 1,
    "sessions/cookies.py": 1,
    "sessions/stores/redis.py": 1,
    "settings/merge.py": 1,
    "settings/secret.py": 1,
    "settings/sources.py": 1,
    "settings/values.py": 3,
    "templates/extension.py": 6,
}
FILES = 100  # a quarter of a millisecond each
REASON = re.compile(r"# noqa: PLC0415 - start-up: \w")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> set[str]:
    """Serve the app, ask it once, and return the modules of its process."""
    folder = tmp_path_factory.mktemp("five")
    (folder / "app.py").write_text(FIVE_LINES)
    environ = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, "app.py"],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    port = int(process.stdout.readline().rpartition(":")[2] or 0)
    if port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        connection.close()
        process.send_signal(signal.SIGTERM)
    told, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    return set(told.split())


def test_a_five_line_app_loads_nothing_it_does_not_use(loaded):
    floor = subprocess.run(
        [sys.executable, "-c", FLOOR], capture_output=True, text=True, check=True
    ).stdout.split()

    # Before 3.13, pathlib imports urllib.parse, and that ipaddress.
    old = {"ipaddress", "urllib.parse"} if sys.version_info < (3, 13) else set()
    assert (loaded - set(floor)) & FORBIDDEN - old == set()


def test_it_loads_few_files_of_ours(loaded):
    assert len([name for name in loaded if name.startswith("gambrel.")]) <= FILES


def test_it_compiles_no_expression_that_may_never_be_used(loaded):
    found = [
        f"{source.name}:{node.lineno}"
        for source in sources()
        if source.module in loaded
        for node in source.tree.body
        if isinstance(node, ast.Assign) and "re.compile(" in ast.unparse(node.value)
    ]

    assert found == []


def test_every_module_that_is_forbidden_exists():
    missing = [name for name in FORBIDDEN if importlib.util.find_spec(name) is None]

    assert missing == []


def late_imports(source: Source) -> list[int]:
    """Return the lines of the imports that stand in functions."""
    return [
        node.lineno
        for _, function in source.functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def test_functions_that_import_are_few_and_say_why():
    found: Counter[str] = Counter()
    silent = []
    for source in sources():
        lines = source.text.splitlines()
        for line in [] if source.name.startswith("cli/") else set(late_imports(source)):
            found[source.name] += 1
            silent += [] if REASON.search(lines[line - 1]) else [f"{source.name}:{line}"]

    assert silent == []
    assert {name: n for name, n in found.items() if n > LATE.get(name, 0)} == {}


def facades() -> list[str]:
    return [source.module for source in sources() if "_HOMES = {" in source.text]


@pytest.mark.parametrize("module", facades())
def test_a_facade_finds_every_name_where_the_type_checker_does(module):
    facade = importlib.import_module(module)
    source = next(source for source in sources() if source.module == module)
    checked = next(node for node in source.tree.body if isinstance(node, ast.If))
    typed = {
        alias.asname or alias.name: node.module
        for node in checked.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert sorted(facade.__all__) == sorted(typed)
    assert {name: f"gambrel.{home}" for name, home in facade._HOMES.items()} == typed
