"""`LiveServer`: the native server on a free port, in a thread of the test.

For what needs a real socket: browsers, other HTTP clients. Everything else is quicker and told
better by the in-process clients.
"""

import asyncio
import contextlib
import socket
import threading
from typing import Any, Self

from gambrel.server.limits import limits_of
from gambrel.server.serve import Server, new_event_loop

__all__ = ["LiveServer"]


class LiveServer:
    """Serves `app` while entered: `with LiveServer(app) as server: get(server.url + "/")`.

    Runs in this process, so overrides and whatever the test looks at are those of the app.

    Raises:
        GambrelError: The app cannot be built or started; what its start-up raises is raised.
    """

    def __init__(self, app: Any, *, host: str = "127.0.0.1") -> None:
        self.app = app
        self.host = host
        self.port = 0
        self._server: Server | None = None
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._main, name="gambrel-live", daemon=True)

    @property
    def url(self) -> str:
        """Where it listens: `http://127.0.0.1:PORT`, without a slash at its end."""
        return f"http://{self.host}:{self.port}"

    def __enter__(self) -> Self:
        self._listener = socket.create_server((self.host, 0))
        self.port = self._listener.getsockname()[1]
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            self._end()
        return self

    def __exit__(self, *failure: object) -> None:
        if self._server is not None:
            with contextlib.suppress(RuntimeError):  # it has failed, and its loop is closed
                self._loop.call_soon_threadsafe(self._server.stop)
        self._end()

    def _end(self) -> None:
        self._thread.join()
        self._listener.close()
        if self._error is not None:
            raise self._error

    def _main(self) -> None:
        try:
            with asyncio.Runner(loop_factory=new_event_loop) as runner:
                runner.run(self._serve())
        except BaseException as error:  # raised again where the test is
            self._error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        limits = limits_of(self.app, idle_grace=0)
        self._server = Server(self.app, self._listener, limits=limits)
        await self._server.run(self._ready.set)
