"""Figures of an app, in the format that Prometheus reads.

    orders = Counter("shop_orders_total", "Orders placed.", labels=["kind"])

    app = App(extensions=[Metrics()])
    app.setup.add(METRICS, orders)

A request pays for one look-up and one sum; the text is made when somebody asks for it.
"""

from gambrel.observability.metrics.extension import METRICS, Metrics
from gambrel.observability.metrics.kinds import Counter, Gauge, Histogram

__all__ = ["METRICS", "Counter", "Gauge", "Histogram", "Metrics"]
