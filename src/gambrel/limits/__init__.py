"""Limits: how often a client may ask, for an app, a group or a route.

limits = RateLimits("300/minute", "20/second")
app = App(extensions=[limits])

@app.post("/exports", middleware=[limits.at("5/hour")])
async def export() -> Export: ...

Counts are exact, and kept by each worker for itself; by `store=RedisCounts(...)` for all of them.
"""

from gambrel.limits.extension import RateLimits
from gambrel.limits.limit import Limit
from gambrel.limits.rates import Rate
from gambrel.limits.stores.memory import MemoryCounts
from gambrel.limits.stores.redis import RedisCounts
from gambrel.limits.stores.store import Counts

__all__ = ["Counts", "Limit", "MemoryCounts", "Rate", "RateLimits", "RedisCounts"]
