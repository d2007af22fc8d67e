"""What an app tells of itself: whether it is well, and its log as lines that nobody can forge.

    app = App(extensions=[Health(), AccessLog(), Logging()])

Nothing is done on the hot path unless an extension of this battery is installed.
"""

from gambrel.observability.access import AccessWriter
from gambrel.observability.extension import SPAN_IDS, AccessLog, Logging
from gambrel.observability.flood import FloodLimit
from gambrel.observability.health import HEALTH_CHECKS, Health, HealthCheck
from gambrel.observability.records import JSONFormatter, TextFormatter
from gambrel.observability.scrub import Scrubber

__all__ = [
    "HEALTH_CHECKS",
    "SPAN_IDS",
    "AccessLog",
    "AccessWriter",
    "FloodLimit",
    "Health",
    "HealthCheck",
    "JSONFormatter",
    "Logging",
    "Scrubber",
    "TextFormatter",
]
