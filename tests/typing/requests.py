"""What editors and type checkers know of a request; checked by mypy and pyright, never run."""

from typing import assert_type

from gambrel.core.http.headers import Headers, ResponseHeaders


def headers_read_like_a_mapping(headers: Headers) -> None:
    assert_type(headers["host"], str)
    assert_type(headers.get("host"), str | None)
    assert_type(headers.get_all("accept"), list[str])


def response_headers_are_written_by_name(headers: ResponseHeaders) -> None:
    headers["cache-control"] = "no-store"
    headers.add("vary", "accept")
    assert_type(headers.pairs(), list[tuple[str, str]])
