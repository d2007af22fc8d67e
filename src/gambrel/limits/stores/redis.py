"""Counts in Redis or Valkey, for all workers and machines together."""

import logging
import time
from collections.abc import Sequence
from typing import Any

from gambrel.core.http.errors import GambrelError
from gambrel.limits.rates import Rate, Verdict
from gambrel.limits.stores.memory import MemoryCounts

__all__ = ["RedisCounts"]

PAUSE = 1.0
"""Seconds for which Redis is left alone after it has not answered."""
# By the clock of Redis, which is one for all. It returns the clock and the counts as they were, so
# that the same code judges them here and there.
_USE = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local found, after, passes = {string.format('%.6f', now)}, {}, true
for i = 1, #KEYS do
  local full = tonumber(redis.call('GET', KEYS[i]) or '0')
  local seconds = tonumber(ARGV[2 * i])
  found[i + 1] = string.format('%.6f', full)
  after[i] = math.max(full, now) + tonumber(ARGV[2 * i + 1]) * tonumber(ARGV[1])
  if after[i] - now > seconds + 1e-5 then passes = false end
end
if passes then
  for i = 1, #KEYS do
    local left = math.max(1, math.ceil((after[i] - now) * 1000))
    redis.call('SET', KEYS[i], string.format('%.6f', after[i]), 'PX', left)
  end
end
return found
"""
_log = logging.getLogger("gambrel.limits")


class RedisCounts:
    """Keeps counts at `url`, under keys that begin with `prefix`.

    While Redis does not answer within `timeout` seconds, each process counts for itself.

    Raises:
        GambrelError: redis is not installed.
    """

    def __init__(
        self,
        url: str = "redis://127.0.0.1:6379/0",
        *,
        prefix: str = "rate:",
        connections: int = 50,
        timeout: float = 0.25,
    ) -> None:
        try:
            from redis import asyncio, exceptions  # noqa: PLC0415 - start-up: Redis
        except ModuleNotFoundError as error:
            raise GambrelError(
                "limits.not-installed",
                "counts in Redis need redis, which is not installed",
                "RedisCounts()",
                "pip install 'gambrel[redis]'",
            ) from error
        self.prefix = prefix
        self.instead = MemoryCounts()
        self.silent_until = 0.0
        self._failures = (exceptions.RedisError, OSError)
        pool: Any = asyncio.BlockingConnectionPool
        self._client: Any = asyncio.Redis.from_pool(
            pool.from_url(
                url,
                max_connections=connections,
                timeout=timeout,
                socket_timeout=timeout,
                socket_connect_timeout=timeout,
            )
        )
        self._script: Any = self._client.register_script(_USE)

    async def use(self, key: str, rates: Sequence[Rate], cost: float) -> list[Verdict]:
        """Count a request under a key, and return what each rate says of it."""
        if time.monotonic() < self.silent_until:
            return self.instead.count(key, rates, cost)
        # One slot of a cluster for all rates of a key: what is in braces decides it.
        keys = [f"{self.prefix}{{{key}}}:{rate.times}/{rate.seconds:g}" for rate in rates]
        given = [part for rate in rates for part in (repr(rate.seconds), repr(rate.interval))]
        try:
            now, *full = map(float, await self._script(keys=keys, args=[repr(cost), *given]))
        except self._failures as error:
            self.silent_until = time.monotonic() + PAUSE
            _log.warning("Redis does not count, so each process does for itself: %s", error)
            return self.instead.count(key, rates, cost)
        return [rate.use(was, now, cost) for rate, was in zip(rates, full, strict=True)]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
