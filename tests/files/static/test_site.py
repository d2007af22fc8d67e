import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from gambrel import App, NotFound, Response
from gambrel.core.http.response import Reply
from gambrel.files.static.folders import Folders, StaticFolder
from gambrel.files.static.hashed import digest_of, hashed_name
from gambrel.files.static.site import FOREVER, Late, Options, Site
from gambrel.files.static.states import LARGE
from gambrel.testing import make_request

PAGE = {"accept": "text/html,*/*;q=0.8"}


class Asking:
    """A site and somebody who asks for names."""

    def __init__(self, folder: Path, **options) -> None:
        self.app = App()
        self.app.build()
        self.site = Site(Folders([StaticFolder(folder)]), replace(Options(), **options))

    def at_once(self, name: str, query: str = "", headers=()) -> Response:
        request = make_request(target=f"/{query}", headers=headers, app=self.app)
        return self.site.respond(request, name)

    def ask(self, name: str, query: str = "", headers=()) -> Response:
        async def run() -> Response:
            response = self.at_once(name, query, headers)
            while response.for_request is not None:
                response = await response.for_request("GET", {})
            return response

        return asyncio.run(run())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "site.css").write_bytes(b"one")
    return tmp_path


def test_a_file_is_looked_for_once_and_then_in_memory(folder):
    asking = Asking(folder)

    assert isinstance(asking.at_once("site.css"), Late)
    assert asking.ask("site.css").body == b"one"
    assert isinstance(asking.at_once("site.css"), Reply)


def test_what_was_not_looked_at_for_a_second_is_looked_at_by_one(folder):
    asking = Asking(folder)
    asking.ask("site.css")
    (folder / "site.css").write_bytes(b"other")
    asking.site.entries["site.css"].until = 0.0

    late, meanwhile = asking.at_once("site.css"), asking.at_once("site.css")

    assert isinstance(late, Late)
    assert meanwhile.body == b"one"
    asking.site.entries["site.css"].until = 0.0
    assert asking.ask("site.css").body == b"other"


def test_a_developer_sees_each_change_at_once_and_keeps_nothing(folder):
    asking = Asking(folder, is_development=True)
    name = hashed_name("site.css", digest_of(b"one"))

    assert asking.ask("site.css").body == b"one"
    (folder / "site.css").write_bytes(b"other")
    assert asking.ask("site.css").body == b"other"
    assert asking.ask(name).headers["cache-control"] == "no-cache"


def test_a_name_that_tells_the_content_is_kept_for_ever(folder):
    asking = Asking(folder)
    digest = digest_of(b"one")

    right = asking.ask(hashed_name("site.css", digest))
    old = asking.ask(hashed_name("site.css", "0" * 8))
    plain = asking.ask("site.css")

    assert right.headers["cache-control"] == FOREVER
    assert (old.body, old.headers["cache-control"]) == (b"one", "public, max-age=300")
    assert plain.headers["cache-control"] == "public, max-age=300"


def test_a_query_that_tells_the_content_does_as_well(folder):
    asking = Asking(folder)
    right = f"?v={digest_of(b'one')[:8]}"

    assert asking.ask("site.css", right).headers["cache-control"] == FOREVER
    assert asking.ask("site.css", "?v=0").headers["cache-control"] != FOREVER


def test_a_digest_in_the_name_of_the_file_itself_counts_if_it_is_true(folder):
    content = b"built"
    (folder / hashed_name("a.js", digest_of(content))).write_bytes(content)
    (folder / "b.01234567.js").write_bytes(content)
    asking = Asking(folder)

    assert asking.ask(hashed_name("a.js", digest_of(content))).headers["cache-control"] == FOREVER
    assert asking.ask("b.01234567.js").headers["cache-control"] != FOREVER


def test_a_large_file_can_be_kept_for_ever_too(folder):
    content = bytes(LARGE + 1)
    (folder / "film.mp4").write_bytes(content)

    response = Asking(folder).ask(hashed_name("film.mp4", digest_of(content)))

    assert response.headers["cache-control"] == FOREVER
    for callback in response.callbacks:
        callback()


def test_names_that_strangers_make_up_are_not_remembered(folder):
    asking = Asking(folder)
    state = None

    for number in range(50):
        assert asking.ask(f"site.{number:08x}.css").body == b"one"
        state = state or asking.site.entries["site.css"].state

    assert list(asking.site.entries) == ["site.css"]
    assert asking.site.entries["site.css"].state is state


def test_a_name_that_is_right_shares_what_is_in_memory(folder):
    asking = Asking(folder)
    name = hashed_name("site.css", digest_of(b"one"))
    asking.ask(name)
    entry = asking.site.entries[name]
    entry.until = 0.0
    asking.ask(name)

    assert entry.state is asking.site.entries["site.css"].state
    assert asking.site.entries[name] is entry


def test_digests_behind_each_other_are_looked_for_once(folder):
    with pytest.raises(NotFound):
        Asking(folder).ask("site.00000000.00000000.css")


def test_memory_is_bounded_and_the_oldest_leave_first(folder):
    for name in "abcdefgh":
        (folder / name).write_bytes(bytes(4_000))
    asking = Asking(folder, memory=12_000)

    for name in "abcd":
        asking.ask(name)
    asking.site.entries["c"].until = 0.0
    asking.ask("c")
    asking.ask("e")

    assert list(asking.site.entries) == ["c", "e"]
    assert asking.site.weight == 2 * (4_000 + 1_024)


def test_without_memory_files_are_served_all_the_same(folder):
    asking = Asking(folder, memory=0)

    assert asking.ask("site.css").body == b"one"
    assert (asking.site.entries, asking.site.weight) == ({}, 0)


def test_a_file_that_is_gone_is_not_there(folder):
    asking = Asking(folder)
    asking.ask("site.css")
    (folder / "site.css").unlink()
    asking.site.entries["site.css"].until = 0.0

    with pytest.raises(NotFound):
        asking.ask("site.css")
    assert (asking.site.entries, asking.site.weight) == ({}, 0)


def test_a_folder_is_shown_by_its_index_where_that_is_wanted(folder):
    (folder / "docs").mkdir()
    (folder / "docs" / "index.html").write_bytes(b"page")
    asking = Asking(folder, index="index.html")

    assert asking.ask("docs/").body == b"page"
    redirect = asking.ask("docs", "?a=b")
    assert (redirect.status, redirect.headers["location"]) == (308, "/static/docs/?a=b")
    for name in ("docs", "docs/"):
        with pytest.raises(NotFound):
            Asking(folder).ask(name)
    with pytest.raises(NotFound):
        asking.ask("")


def test_the_shell_is_for_pages_and_for_nothing_else(folder):
    (folder / "index.html").write_bytes(b"shell")
    asking = Asking(folder, prefix="/", shell="index.html", excluded=("/api",))

    for name in ("users/5", "john.doe", "apiary", "page.html"):
        assert asking.ask(name, headers=PAGE).body == b"shell"
    for name, headers in (
        ("users/5", {"accept": "application/json"}),
        ("users/5", {"accept": "*/*"}),
        ("users/5", {}),
        ("app.js", PAGE),
        ("logo.png", PAGE),
        ("api", PAGE),
        ("api/users/5", PAGE),
    ):
        with pytest.raises(NotFound):
            asking.ask(name, headers=headers)


def test_a_cache_gives_the_shell_to_nobody_else(folder):
    (folder / "index.html").write_bytes(b"shell" * 400)
    asking = Asking(folder, prefix="/", shell="index.html", max_age=60)

    for _ in range(2):
        shell = asking.ask("users/5", headers=PAGE)
        unchanged = asking.ask("users/5", headers={**PAGE, "if-none-match": shell.headers["etag"]})
        assert shell.headers["vary"] == unchanged.headers["vary"] == "accept-encoding, accept"
    assert (shell.status, unchanged.status) == (200, 304)
    assert asking.ask("index.html", headers=PAGE).headers["vary"] == "accept-encoding"


def test_a_front_end_without_its_page_has_no_pages(folder):
    with pytest.raises(NotFound):
        Asking(folder, prefix="/", shell="index.html").ask("users", headers=PAGE)


def test_names_below_a_kept_one_are_kept(folder):
    (folder / "assets").mkdir()
    (folder / "assets" / "index-BX1a2b3c.js").write_bytes(b"1")

    response = Asking(folder, kept=("assets/",)).ask("assets/index-BX1a2b3c.js")

    assert response.headers["cache-control"] == FOREVER


def test_files_for_other_origins_say_so(folder):
    response = Asking(folder, url="https://cdn.example").ask("site.css")

    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"


def test_what_was_to_be_done_after_the_answer_is_done_after_it(folder):
    asking = Asking(folder)
    late = asking.at_once("site.css")
    late.on_close(lambda: None)

    response = asyncio.run(late.for_request("GET", {}))

    assert response.callbacks == late.callbacks


def test_a_folder_swapped_for_a_link_leads_nowhere(folder, tmp_path_factory):
    secret = tmp_path_factory.mktemp("secret")
    (secret / "passwd").write_text("root:")
    (folder / "d").symlink_to(secret)

    with pytest.raises(NotFound):
        Asking(folder).ask("d/passwd")
