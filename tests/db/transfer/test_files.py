import pytest

from gambrel import GambrelError
from gambrel.db.transfer.files import Digest, lines_of, reading, writing


@pytest.mark.parametrize("name", ["dump.jsonl", "dump.zip"])
def test_lines_come_back_from_a_file_that_its_owner_alone_may_read(name, tmp_path):
    file = tmp_path / name

    with writing(file) as stream:
        stream.write(b'{"a": 1}\n[1, 2]\n')

    assert file.stat().st_mode & 0o777 == 0o600
    with reading(file) as stream:
        assert list(lines_of(stream)) == [{"a": 1}, [1, 2]]


def test_a_file_that_broke_off_is_not_there(tmp_path):
    def write() -> None:
        with writing(tmp_path / "dump.zip") as stream:
            stream.write(b"[1]\n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with (
        pytest.raises(GambrelError, match="nowhere: No such file or directory"),
        writing(tmp_path / "nowhere" / "dump.zip"),
    ):
        pass


def test_a_file_that_is_there_is_kept(tmp_path):
    file = tmp_path / "dump.jsonl"
    file.write_text("mine")

    with pytest.raises(GambrelError, match="is there already"), writing(file):
        pass

    assert file.read_text() == "mine"


def test_a_zip_that_is_none_is_told(tmp_path):
    (tmp_path / "dump.zip").write_text("no zip")

    with pytest.raises(GambrelError, match="is no dump"), reading(tmp_path / "dump.zip"):
        pass


def test_the_order_of_rows_does_not_matter_and_each_row_does():
    rows = [b"[1]", b"[2]", b"[2]"]
    digests = []
    for some in (rows, rows[::-1], rows[:2], [b"[1]", b"[2]", b"[3]"]):
        digest = Digest()
        for row in some:
            digest.add(row)
        digests.append((digest.rows, digest.text))

    assert digests[0] == digests[1]
    assert len({*digests}) == 3
