"""What an app tells of itself: an access log, and its log as lines that nobody can forge.

    app = App(extensions=[AccessLog(), Logging()])

Nothing is written on the hot path unless an extension of this battery is installed.
"""

from gambrel.observability.access import AccessWriter
from gambrel.observability.extension import AccessLog, Logging
from gambrel.observability.flood import FloodLimit
from gambrel.observability.records import JSONFormatter, TextFormatter
from gambrel.observability.scrub import Scrubber

__all__ = [
    "AccessLog",
    "AccessWriter",
    "FloodLimit",
    "JSONFormatter",
    "Logging",
    "Scrubber",
    "TextFormatter",
]
