"""django-bolt; this file is also its `manage.py`."""

import sys

from django.conf import settings
from django.core.management import execute_from_command_line

if not settings.configured:
    settings.configure(
        SECRET_KEY="only-for-the-benchmark-never-used-for-anything-real",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="django_bolt_urls",
        INSTALLED_APPS=["django_bolt"],
        BOLT_API=["django_bolt_api:api"],
        # Its access log is on by default, at a tenfold price; no server here writes one.
        LOGGING={
            "version": 1,
            "disable_existing_loggers": False,
            "loggers": {"django.server": {"level": "WARNING"}},
        },
    )

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
