"""django-bolt; this file is also its `manage.py`."""

import os
import sys

from content import KEY
from django.conf import settings
from django.core.management import execute_from_command_line

if not settings.configured:
    settings.configure(
        SECRET_KEY=KEY,
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="django_bolt_urls",
        INSTALLED_APPS=["django_bolt"],
        BOLT_API=["django_bolt_api:api"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": os.environ["BENCH_DATABASE"],
                "CONN_MAX_AGE": None,
            }
        },
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        TEMPLATES=[
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": ["templates"]}
        ],
        # As in the other workloads: its access log is on by default, and no server writes one.
        LOGGING={
            "version": 1,
            "disable_existing_loggers": False,
            "loggers": {"django.server": {"level": "WARNING"}},
        },
    )

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
