"""Sessions in Redis or Valkey: for several workers, and for several machines."""

from collections.abc import Awaitable, Collection, Mapping
from typing import Any, TypeVar

from gambrel.core.http.errors import GambrelError, ServiceUnavailable

__all__ = ["RedisStore"]

T = TypeVar("T")
TIMEOUT = 2.0
# In one step: what has ended in the meantime does not come back.
_UPDATE = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
for i = 3, 2 + tonumber(ARGV[2]) do redis.call('HDEL', KEYS[1], ARGV[i]) end
for i = 3 + tonumber(ARGV[2]), #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
"""


class RedisStore:
    """Keeps a session as a hash at `url`, under keys that begin with `prefix`.

    Each worker has at most so many `connections`; who finds none free waits for one, 2 seconds.

    Raises:
        GambrelError: redis is not installed.
    """

    def __init__(
        self,
        url: str = "redis://127.0.0.1:6379/0",
        *,
        prefix: str = "session:",
        connections: int = 50,
    ) -> None:
        try:
            from redis import asyncio, exceptions  # noqa: PLC0415 - start-up: Redis
        except ModuleNotFoundError as error:
            raise GambrelError(
                "sessions.not-installed",
                "sessions in Redis need redis, which is not installed",
                "RedisStore()",
                "pip install 'gambrel[redis]'",
            ) from error
        self.prefix = prefix
        self._failures = (exceptions.RedisError, OSError)
        pool: Any = asyncio.BlockingConnectionPool
        self._client: Any = asyncio.Redis.from_pool(
            pool.from_url(
                url,
                max_connections=connections,
                timeout=TIMEOUT,
                socket_timeout=TIMEOUT,
                socket_connect_timeout=TIMEOUT,
            )
        )

    async def load(self, key: str) -> Mapping[str, bytes] | None:
        """Return a record. Raises ServiceUnavailable, as all do, where Redis does not answer."""
        found: dict[bytes, bytes] = await self._asked(self._client.hgetall(self.prefix + key))
        # A name that is no UTF-8 was not written here, and stands for nothing.
        return {name.decode(errors="replace"): raw for name, raw in found.items()} or None

    async def create(self, key: str, record: Mapping[str, bytes], seconds: int) -> None:
        """Keep a new record."""
        async with self._client.pipeline(transaction=True) as pipeline:
            pipeline.hset(self.prefix + key, mapping=dict(record))
            pipeline.expire(self.prefix + key, seconds)
            await self._asked(pipeline.execute())

    async def update(
        self, key: str, changed: Mapping[str, bytes], gone: Collection[str], seconds: int
    ) -> bool:
        """Change a record, if there is one."""
        pairs = [part for pair in changed.items() for part in pair]
        given = [self.prefix + key, seconds, len(gone), *gone, *pairs]
        return bool(await self._asked(self._client.eval(_UPDATE, 1, *given)))

    async def end(self, key: str) -> bool:
        """Forget a record, and return whether there was one."""
        return bool(await self._asked(self._client.delete(self.prefix + key)))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _asked(self, answer: Awaitable[T]) -> T:
        try:
            return await answer
        except self._failures as error:
            raise ServiceUnavailable(f"the store of sessions: {error}") from error
