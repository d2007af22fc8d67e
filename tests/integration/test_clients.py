"""Clients that others' generators make of the examples' documents compile, and work."""

import importlib
import json
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from gambrel import App
from gambrel.cli.documents.openapi import document_of
from gambrel.testing import LiveServer
from tests.conftest import NODE_MODULES

EXAMPLES = Path(__file__).parents[2] / "examples"
# An example, and the name of the document.
DOCUMENTS = [
    ("bigger_app", ""),
    ("heroes", ""),
    ("hello", ""),
    ("orders", ""),
    ("own_extension", ""),
    ("versions", ""),
    ("vhosts", ""),
    ("vhosts", "shop"),
]
TYPESCRIPT = """
import type { components, operations, paths } from "./orders";

type Order = components["schemas"]["Order"];
type Answers = operations["create"]["responses"];
type Problem = Answers[422]["content"]["application/problem+json"];

const item = { sku: "nail", qty: 1, price: 2 };
export const order: Order = { customer: "Ada", email: "ada@example.com", items: [item] };
export const receipt: Answers[201]["content"]["application/json"] = { id: 1, total: 2, count: 1 };
export const places = (problem: Problem): string[] => problem.errors.map((fault) => fault.path);
export const query: paths["/users/{id}"]["get"]["parameters"]["query"] = undefined;
// @ts-expect-error: a quantity is a number
export const wrong: Order = { ...order, items: [{ ...item, qty: "1" }] };
// @ts-expect-error: the items are missing
export const short: Order = { customer: "Ada", email: "ada@example.com" };
"""
STRICT = ["--noEmit", "--strict", "--target", "es2022", "--moduleResolution", "bundler"]

AppOf = Callable[[str], App]


@pytest.fixture
def app_of(monkeypatch: pytest.MonkeyPatch) -> AppOf:
    monkeypatch.syspath_prepend(EXAMPLES)
    return lambda example: importlib.import_module(f"{example}.app").app


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., str]:
    def run(*command: object) -> str:
        done = subprocess.run(
            [str(part) for part in command], cwd=tmp_path, capture_output=True, text=True
        )
        if done.returncode:
            pytest.fail(f"{command[:2]} failed:\n{done.stdout}{done.stderr}", pytrace=False)
        return done.stdout

    return run


@pytest.mark.parametrize(("example", "name"), DOCUMENTS)
def test_the_document_of_an_example_is_valid(app_of: AppOf, example: str, name: str) -> None:
    validate(json.loads(document_of(app_of(example), name)))


@pytest.mark.service("node")
def test_typescript_clients_compile_and_know_the_types(
    app_of: AppOf, run: Callable[..., str], tmp_path: Path
) -> None:
    stems = [name or example for example, name in DOCUMENTS]
    for stem, (example, name) in zip(stems, DOCUMENTS, strict=True):
        (tmp_path / f"{stem}.json").write_bytes(document_of(app_of(example), name))
    places = {s: {"root": f"{s}.json", "x-openapi-ts": {"output": f"{s}.d.ts"}} for s in stems}
    (tmp_path / "redocly.yaml").write_text(json.dumps({"apis": places}))
    (tmp_path / "use.ts").write_text(TYPESCRIPT)

    run("node", NODE_MODULES / "openapi-typescript/bin/cli.js")
    types = [f"{stem}.d.ts" for stem in stems]
    run("node", NODE_MODULES / "typescript/bin/tsc", *STRICT, *types, "use.ts")


def python_client(run: Callable[..., str], folder: Path, document: bytes, package: str) -> Any:
    """Generate a package, and import all of it."""
    (folder / "openapi.json").write_bytes(document)
    (folder / "config.json").write_text(json.dumps({"post_hooks": []}))
    options = ["--path", "openapi.json", "--config", "config.json", "--meta", "none"]
    program = [sys.executable, "-m", "openapi_python_client"]
    told = run(*program, "generate", *options, "--output-path", package)
    # it sends no msgpack, and says so; JSON is another way to send the same
    assert told.count("WARNING") == told.count("Unsupported content type application/msgpack")
    client = importlib.import_module(package)
    for module in pkgutil.walk_packages(client.__path__, f"{package}."):
        importlib.import_module(module.name)
    return client


@pytest.mark.parametrize(("example", "name"), DOCUMENTS)
def test_a_python_client_can_be_generated_and_imported(
    app_of: AppOf,
    run: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    example: str,
    name: str,
) -> None:
    monkeypatch.syspath_prepend(tmp_path)

    client = python_client(
        run, tmp_path, document_of(app_of(example), name), f"{example}{name}_client"
    )

    assert client.Client(base_url="http://127.0.0.1")


def test_a_python_client_speaks_with_a_server(
    app_of: AppOf, run: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    app = app_of("orders")
    made = python_client(run, tmp_path, document_of(app), "spoken")
    models, create = made.models, importlib.import_module("spoken.api.default.create")
    item = {"sku": "nail", "qty": 3, "price": 0.5}
    order = {"customer": "Ada", "email": "ada@example.com", "items": [item]}

    with LiveServer(app) as server, made.Client(base_url=server.url) as client:
        receipt = create.sync(client=client, body=models.Order.from_dict(order))
        order["items"] = [item | {"qty": 0}]
        refused = create.sync(client=client, body=models.Order.from_dict(order))

    assert receipt == models.Receipt(id=1, total=1.5, count=1)
    assert [(fault.path, fault.code) for fault in refused.errors] == [("items[0].qty", "range")]
