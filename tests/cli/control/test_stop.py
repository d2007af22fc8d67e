import threading

import pytest

from tests.cli.processes import get

APP = """
import asyncio
from gambrel import App
app = App()

@app.get("/slow")
async def slow() -> str:
    print("working", flush=True)
    await asyncio.sleep({})
    return "done"
"""


@pytest.mark.parametrize(("now", "seconds"), [(False, 0.5), (True, 3600)])
def test_stopping_waits_for_the_end_and_for_requests_unless_it_must_be_now(
    gambrel, folder, start, now, seconds
):
    (folder / "app.py").write_text(APP.format(seconds))
    run = start("run", "--port", "0", "--control", "c.sock")
    port = run.port()
    answers: list[object] = []

    def ask() -> None:
        try:
            answers.append(get(port, "/slow"))
        except OSError as error:
            answers.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    run.line("working")
    result = gambrel("stop", "--control", "c.sock", *(["--now"] if now else []))
    asking.join()

    assert (result.exit_code, result.output) == (0, "stopped\n")
    assert run.end(None) == 0
    assert not (folder / "c.sock").exists()
    if not now:
        assert answers == [(200, "done")]
