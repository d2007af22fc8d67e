"""Health of an app: endpoints for whoever starts, stops and balances its processes.

    app = App(extensions=[Health()])
    app.setup.add(HEALTH_CHECKS, HealthCheck("disk", has_room))

Providers with a `ping` are checks by themselves.
"""

from gambrel.observability.health.checks import HealthCheck, Monitor, Outcome, Report
from gambrel.observability.health.extension import HEALTH_CHECKS, Health

__all__ = ["HEALTH_CHECKS", "Health", "HealthCheck", "Monitor", "Outcome", "Report"]
