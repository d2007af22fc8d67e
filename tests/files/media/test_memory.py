import asyncio

import pytest

from gambrel.core.http.errors import NotFound
from gambrel.files.media.memory import MemoryStorage
from gambrel.files.media.storage import StorageFull, Stored


def test_there_is_room_for_so_much(tmp_path):
    storage = MemoryStorage(room=100)
    asyncio.run(storage.save(bytes(60)))

    with pytest.raises(StorageFull):
        asyncio.run(storage.save(bytes(41)))
    assert len(storage.files) == 1


def test_an_answer_has_the_heads_of_a_download():
    storage = MemoryStorage()
    stored = asyncio.run(storage.save(b"<script>", filename="a.html"))

    response = storage.respond(stored, attachment=True)

    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"] == 'attachment; filename="a.html"'
    assert "sandbox" in response.headers["content-security-policy"]


def test_an_answer_for_nothing_is_a_404():
    with pytest.raises(NotFound):
        MemoryStorage().respond(Stored("ab/0", 1), attachment=False)
