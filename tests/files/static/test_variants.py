import os
from pathlib import Path
from typing import Any

import pytest

from gambrel import App
from gambrel.core.http.response import Reply
from gambrel.files.response import FileResponse
from gambrel.files.static.folders import Folders, StaticFolder
from gambrel.files.static.states import LARGE, read_state
from gambrel.files.static.variants import Variants
from gambrel.testing import make_request

CSS = b"a { color: red } " * 100


@pytest.fixture
def made(tmp_path: Path) -> Any:
    app = App()

    def make(name: str = "site.css", content: bytes = CSS) -> Variants:
        (tmp_path / name).write_bytes(content)
        state = read_state(Folders([StaticFolder(tmp_path)]), name)
        return Variants(state, "max-age=300", [], app.build())

    return make


def test_a_plain_request_gets_the_file_on_a_head_made_before(made):
    variants = made()

    response = variants.respond(make_request())

    assert (type(response), response.status, response.body) == (Reply, 200, CSS)
    assert response._headers is None
    assert response.headers["content-type"] == "text/css; charset=utf-8"
    assert response.headers["cache-control"] == "max-age=300"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers.get_all("x-content-type-options") == ["nosniff"]


def test_a_client_that_has_it_gets_nothing(made):
    variants = made()
    tag = variants.respond(make_request()).headers["etag"]

    for value in (tag, f'"other", {tag}', "*"):
        response = variants.respond(make_request(headers={"if-none-match": value}))

        assert (response.status, response.body) == (304, b"")
        assert response.headers["etag"] == tag
        assert response.headers["cache-control"] == "max-age=300"
        assert "content-type" not in response.headers


def test_each_coding_has_a_tag_of_its_own(made):
    variants = made()
    plain = variants.respond(make_request())

    packed = variants.respond(make_request(headers={"accept-encoding": "gzip"}))

    assert packed.headers["content-encoding"] == "gzip"
    assert len(packed.body) < len(CSS)
    assert packed.headers["etag"] != plain.headers["etag"]
    assert plain.headers["vary"] == packed.headers["vary"] == "accept-encoding"


def test_a_file_in_one_form_only_does_not_vary(made):
    response = made("a.png", b"png").respond(make_request(headers={"accept-encoding": "gzip"}))

    assert not {"vary", "content-encoding"} & set(response.headers)


def test_a_range_is_cut_out(made):
    response = made().respond(make_request(headers={"range": "bytes=0-2"}))

    assert (response.status, response.body) == (206, CSS[:3])
    assert response.headers["content-length"] == "3"


def test_a_script_has_the_policy_of_pages_for_the_worker_it_may_be(made):
    script = made("worker.js", b"1").respond(make_request())
    style = made("site.css", b"a").respond(make_request())

    assert "script-src 'self'" in script.headers["content-security-policy"]
    assert "default-src 'none'" in style.headers["content-security-policy"]


def test_a_large_file_is_read_while_it_is_sent(made):
    response = made("film.mp4", bytes(LARGE + 1)).respond(make_request())

    assert isinstance(response, FileResponse)
    assert response.headers["cache-control"] == "max-age=300"


def test_a_large_file_is_sent_in_the_form_beside_it(made, tmp_path):
    (tmp_path / "data.json.gz").write_bytes(b"packed")
    os.utime(tmp_path / "data.json.gz", (1 << 32, 1 << 32))
    variants = made("data.json", bytes(LARGE + 1))

    response = variants.respond(make_request(headers={"accept-encoding": "gzip"}))

    assert isinstance(response, FileResponse)
    assert response.path == "data.json.gz"
    assert response.headers["content-type"] == "application/json"
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["vary"] == "accept-encoding"
