import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import GambrelError
from gambrel.files.static.collect import collect, groups
from gambrel.files.static.folders import Folders, StaticFolder
from gambrel.files.static.hashed import digest_of, hashed_name, integrity_of
from gambrel.files.static.manifest import load_manifest

FILES = {
    "img/a.png": b"picture",
    "css/site.css": b"a { background: url(../img/a.png), url(gone.png) }",
    "css/all.css": b'@import "site.css";',
    "js/a.js": b'import "./b.js"; export const a = 1;',
    "js/b.js": b'import "./a.js"; export const b = 1;',
    "js/c.js": b'import "./a.js";',
    "manifest.json": b"{}",
}


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    for name, content in FILES.items():
        path = tmp_path / "static" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return Folders([StaticFolder(tmp_path / "static")])


def test_each_file_is_there_by_both_names(folders, tmp_path):
    outcome = collect(folders, tmp_path / "build")

    assert set(outcome.manifest.files) == set(FILES)
    for name, entry in outcome.manifest.files.items():
        content = (tmp_path / "build" / name).read_bytes()
        assert (tmp_path / "build" / entry.name).read_bytes() == content
        assert entry.integrity == integrity_of(content)
    assert load_manifest(tmp_path / "build") == outcome.manifest
    assert (tmp_path / "build" / "manifest.json").read_bytes() == b"{}"


def test_a_name_tells_what_is_in_the_file_references_and_all(folders, tmp_path):
    files = collect(folders, tmp_path / "build").manifest.files

    picture = hashed_name("img/a.png", digest_of(b"picture"))
    style = f"a {{ background: url(../{picture}), url(gone.png) }}".encode()
    assert (tmp_path / "build" / "css" / "site.css").read_bytes() == style
    assert files["css/site.css"].name == hashed_name("css/site.css", digest_of(style))
    assert files["css/site.css"].name.encode()[4:] in (tmp_path / "build/css/all.css").read_bytes()


def test_a_change_reaches_every_name_that_depends_on_it(folders, tmp_path):
    before = collect(folders, tmp_path / "build").manifest.files
    (tmp_path / "static" / "img" / "a.png").write_bytes(b"another")
    after = collect(folders, tmp_path / "build").manifest.files

    changed = {name for name in FILES if before[name] != after[name]}
    assert changed == {"img/a.png", "css/site.css", "css/all.css"}


def test_files_in_a_circle_are_renamed_together(folders, tmp_path):
    before = collect(folders, tmp_path / "build").manifest.files
    text = (tmp_path / "build" / before["js/a.js"].name).read_text()
    (tmp_path / "static" / "js" / "b.js").write_bytes(b'import "./a.js"; export const b = 2;')
    after = collect(folders, tmp_path / "build").manifest.files

    assert before["js/b.js"].name.removeprefix("js/") in text
    changed = {name for name in FILES if before[name].name != after[name].name}
    assert changed == {"js/a.js", "js/b.js", "js/c.js"}


def test_the_same_files_are_collected_to_the_same(folders, tmp_path):
    collect(folders, tmp_path / "one")
    collect(folders, tmp_path / "two")

    def contents(folder: Path) -> dict[str, bytes]:
        found = (path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}

    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_references_that_lead_nowhere_are_told(folders, tmp_path):
    assert collect(folders, tmp_path / "build").missing == [("css/site.css", "gone.png")]


def test_texts_are_compressed_and_old_forms_removed(folders, tmp_path):
    style = tmp_path / "static" / "css" / "long.css"
    style.write_bytes(b"a {} " * 1_000)
    collect(folders, tmp_path / "build")
    packed = tmp_path / "build" / "css" / "long.css.gz"

    assert gzip.decompress(packed.read_bytes()) == b"a {} " * 1_000
    style.write_bytes(b"a {}")
    collect(folders, tmp_path / "build")
    assert not packed.exists()


def test_forms_that_lie_beside_an_original_are_made_anew(folders, tmp_path):
    (tmp_path / "static" / "css" / "site.css.gz").write_bytes(b"stale")

    files = collect(folders, tmp_path / "build").manifest.files

    assert "css/site.css.gz" not in files


def test_a_style_sheet_that_is_no_text_is_copied(folders, tmp_path):
    (tmp_path / "static" / "odd.css").write_bytes(b"\xff url(img/a.png)")

    collect(folders, tmp_path / "build")

    assert (tmp_path / "build" / "odd.css").read_bytes() == b"\xff url(img/a.png)"


@pytest.mark.parametrize("target", ["static", "static/build", "."])
def test_a_target_that_would_be_collected_is_refused(folders, tmp_path, target):
    with pytest.raises(GambrelError) as caught:
        collect(folders, tmp_path / target)

    assert caught.value.code == "files.collect-target"


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=4)))
def test_what_is_used_comes_first_and_circles_come_together(given_uses):
    uses = {name: [n for n in given_uses.get(name, ()) if n in given_uses] for name in given_uses}

    def reaches(start: str) -> set[str]:
        seen: set[str] = set()
        work = list(uses[start])
        while work:
            name = work.pop()
            work += [] if name in seen else uses[name]
            seen.add(name)
        return seen

    found = groups(uses)

    place = {name: i for i, group in enumerate(found) for name in group}
    assert sorted(place) == sorted(uses)
    for one in uses:
        for other in reaches(one):
            assert place[other] <= place[one]
            assert (place[other] == place[one]) == (one == other or one in reaches(other))
