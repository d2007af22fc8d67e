"""django-bolt; this file is also its `manage.py`."""

import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django_settings import SETTINGS

if not settings.configured:
    settings.configure(
        **SETTINGS,
        ROOT_URLCONF="django_bolt_urls",
        INSTALLED_APPS=["django_bolt"],
        BOLT_API=["django_bolt_api:api"],
        # As in the other workloads: its access log is on by default, and no server writes one.
        LOGGING={
            "version": 1,
            "disable_existing_loggers": False,
            "loggers": {"django.server": {"level": "WARNING"}},
        },
    )

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
