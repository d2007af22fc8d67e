"""`assert_contract`: one call that holds an app to its document, with what `Client` needs.

Looks over the document, then asks every operation: by its examples, and by what does not fit.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2

from gambrel import App
from gambrel.testing.cases import FORM, PARTS, Case, cases_of, text_of
from gambrel.testing.client import Client
from gambrel.testing.document import Described, find_faults, operations_of, read_document, resolve

__all__ = ["assert_contract"]


def assert_contract(
    app: App,
    document: Mapping[str, Any] | str | Path | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    skip: Collection[str] = (),
) -> None:
    """Ask all operations of `app` by their examples, and by what does not fit their document.

    The document must be valid, and every answer have a status and a media type that it names; none
    may come of an error that the app did not expect. The requests are the same in every run.
    `headers` go with each of them, such as `Authorization`. With `document` (plain data, or
    a JSON file) the app is held to that one. `skip` are the ids of operations not to be asked.

    Raises:
        AssertionError: What does not agree, for each operation: the request, and the answer.
        GambrelError: The app cannot be built or started.
    """
    app.build()
    plain = read_document(app, document)
    faults = find_faults(plain)
    if faults:
        raise AssertionError("the document is not valid:\n" + "\n".join(faults))
    found: list[str] = []
    cause: BaseException | None = None
    with Client(app) as client:
        for one in operations_of(plain):
            if one.operation.get("operationId") in skip:
                continue
            for told, error in disagreements(client, plain, one, dict(headers or {})):
                found.append(told)
                cause = cause or error
    if found:
        raise AssertionError("\n\n".join(found)) from cause


def disagreements(
    client: Client, document: Mapping[str, Any], one: Described, headers: dict[str, str]
) -> Iterator[tuple[str, BaseException | None]]:
    """Yield what does not agree, once for each kind of answer, with the error that it comes of."""
    seen: set[str] = set()
    for case in cases_of(document, one):
        client.cookies.clear()
        request = request_of(client, one, case, headers)
        answer, error = ask(client, request)
        fault = str(answer) if error else fault_of(document, one, case, answer)
        if fault and fault not in seen:
            seen.add(fault)
            sent = f"{request.method} {request.url.raw_path.decode('ascii')}"
            yield f"{one.name}\n  asked: {sent}{shown_body(case)} ({case.told})\n  {fault}", error


def ask(client: Client, request: httpx2.Request) -> tuple[Any, BaseException | None]:
    """Return the head of the answer; or what is to be told of the error in its place, and that."""
    try:
        answer = client.send(request, stream=True)
        answer.close()  # a stream need not have an end
    except Exception as error:  # whatever the app has not expected
        return f"answered: 500, for it raised {type(error).__name__}: {error}", error
    return answer, None


def request_of(
    client: Client, one: Described, case: Case, headers: dict[str, str]
) -> httpx2.Request:
    """Return the request of a case."""
    fields = {name: text_of(value) for name, value in case.of("header").items()}
    cookies = "; ".join(f"{name}={text_of(value)}" for name, value in case.of("cookie").items())
    fields |= {"cookie": cookies} if cookies else {}
    options: dict[str, Any] = {}
    if case.media_type == PARTS and isinstance(case.body, dict):
        fields_of_form = case.body.items()
        options["files"] = [(name, part) for name, value in fields_of_form for part in parts(value)]
    elif case.media_type == FORM and isinstance(case.body, dict):
        options["data"] = {name: text_of(value) for name, value in case.body.items()}
    elif case.media_type:
        is_made = case.media_type.endswith("json") and not isinstance(case.body, bytes)
        text = json.dumps(case.body) if is_made else case.body
        options["content"] = text if isinstance(text, str | bytes) else text_of(text)
        fields["content-type"] = case.media_type
    if query := case.query():
        options["params"] = query
    path = case.path(one.path)
    return client.build_request(one.method, path, headers={**fields, **headers}, **options)


def parts(value: Any) -> list[Any]:
    """Return the parts of a form for a field: one, or one for each of a list."""
    values = value if isinstance(value, list) else [value]
    return [
        ("example.txt", one) if isinstance(one, bytes) else (None, text_of(one)) for one in values
    ]


def fault_of(
    document: Mapping[str, Any], one: Described, case: Case, answer: httpx2.Response
) -> str:
    """Return what of an answer the operation does not tell, or an empty text."""
    status = str(answer.status_code)
    responses = one.operation["responses"]
    documented = next((n for n in (status, f"{status[0]}XX", "default") if n in responses), None)
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    shown = f"answered: {status} {media_type}".rstrip()
    if documented is None and case.is_elsewhere and status in {"404", "405"}:
        return ""
    if documented is None:
        return f"{shown}; documented: {', '.join(responses)}"
    content = resolve(document, responses[documented]).get("content", {})
    kinds = [kind.partition(";")[0].strip().lower() for kind in content]
    if not kinds or not media_type or any(fits(media_type, kind) for kind in kinds):
        return ""
    return f"{shown}; documented: {status} {', '.join(kinds)}"


def fits(media_type: str, kind: str) -> bool:
    """Say whether a media type is one of a range (`text/*`)."""
    return kind in {media_type, "*/*", f"{media_type.partition('/')[0]}/*"}


def shown_body(case: Case) -> str:
    """Return the beginning of the body of a request, as it is told."""
    if not case.media_type:
        return ""
    text = repr(case.body) if isinstance(case.body, bytes) else json.dumps(case.body, default=repr)
    return f" with {case.media_type} {text[:200]}"
