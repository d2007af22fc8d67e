"""`LiveServer`: the native server on a free port, in a thread of the test.

For what needs a real socket: browsers, other HTTP clients. Everything else is quicker and told
better by the in-process clients.
"""

import asyncio
import socket
import threading
from collections.abc import Callable
from functools import partial
from signal import SIGTERM
from typing import Any, Self, TypeVarTuple, Unpack

from gambrel.server.serve import serve

__all__ = ["LiveServer"]

Ts = TypeVarTuple("Ts")


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
        self._loop = ThreadLoop()
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
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.send_signal, SIGTERM)
        self._end()

    def _end(self) -> None:
        self._thread.join()
        self._listener.close()
        if self._error is not None:
            raise self._error

    def _main(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(serve(self.app, self._listener, ready=self._ready.set))
        except BaseException as error:  # raised again where the test is
            self._error = error
        finally:
            self._ready.set()


class ThreadLoop(asyncio.SelectorEventLoop):
    """An event loop off the main thread, where signals do not come: they are sent by call."""

    def __init__(self) -> None:
        super().__init__()
        self._on_signal: dict[int, Callable[[], Any]] = {}

    def add_signal_handler(
        self, sig: int, callback: Callable[[Unpack[Ts]], Any], *args: *Ts
    ) -> None:
        """Remember what to call for a signal."""
        self._on_signal[sig] = partial(callback, *args)

    def remove_signal_handler(self, sig: int) -> bool:
        """Forget what to call; return whether there was something."""
        return self._on_signal.pop(sig, None) is not None

    def send_signal(self, sig: int) -> None:
        """Do what the signal would do."""
        if sig in self._on_signal:
            self._on_signal[sig]()
