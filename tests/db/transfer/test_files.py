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


def test_a_file_that_somebody_else_has_put_there_is_not_written(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / ".dump.jsonl.part").symlink_to(victim)

    with writing(tmp_path / "dump.jsonl") as stream:
        stream.write(b"[1]\n")

    assert victim.read_text() == "mine"
    assert (tmp_path / "dump.jsonl").stat().st_mode & 0o777 == 0o600


def changed(raw: bytes, *changes: tuple[int, int]) -> bytes:
    made = bytearray(raw)
    for at, value in changes:
        made[at] = value
    return bytes(made)


@pytest.mark.parametrize(
    ("of", "at", "value"), [("encrypted", (6, 8), 1), ("method", (8, 10), 99), ("data", None, 0)]
)
def test_a_zip_that_cannot_be_read_is_told(of, at, value, tmp_path):
    file = tmp_path / "dump.zip"
    with writing(file) as stream:
        stream.write(b"".join(b"[%d]\n" % (number**5) for number in range(2_000)))
    raw = file.read_bytes()
    central = raw.rindex(b"PK\x01\x02")
    places = [(100, 255), (101, 255)] if at is None else [(at[0], value), (central + at[1], value)]
    file.write_bytes(changed(raw, *places))

    with pytest.raises(GambrelError, match="dump"), reading(file) as stream:
        list(lines_of(stream))


@pytest.mark.parametrize("line", [b'["\xff"]', b"[" * 100_000, b"\0"])
def test_a_line_that_is_no_json_is_told_by_its_number(line, tmp_path):
    (tmp_path / "dump.jsonl").write_bytes(b"[1]\n" + line)

    with (
        pytest.raises(GambrelError, match="line 2 of the dump is no JSON"),
        reading(tmp_path / "dump.jsonl") as stream,
    ):
        list(lines_of(stream))


def test_what_fails_while_a_dump_is_read_is_not_its_fault(tmp_path):
    (tmp_path / "dump.jsonl").write_bytes(b"[1]\n")

    with pytest.raises(KeyError), reading(tmp_path / "dump.jsonl"):
        raise KeyError("ours")


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
