"""Django's settings, for its own server and for django-bolt."""

from urllib.parse import urlsplit

from data import FILE, KEY, KIND, URL

TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": ["templates"]}]


def database() -> dict[str, object]:
    """Connections last: without, each request would open one."""
    if KIND == "sqlite":
        pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL"
        options = {"init_command": pragmas, "timeout": 5, "transaction_mode": "IMMEDIATE"}
        engine = {"ENGINE": "django.db.backends.sqlite3", "NAME": FILE}
    else:
        parts = urlsplit(URL)
        options = {}
        engine = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path[1:],
            "USER": parts.username or "",
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or 5432),
        }
    return {**engine, "OPTIONS": options, "CONN_MAX_AGE": None}


SETTINGS = {
    "SECRET_KEY": KEY,
    "ALLOWED_HOSTS": ["127.0.0.1"],
    "DATABASES": {"default": database()},
    "TEMPLATES": TEMPLATES,
    "DEFAULT_AUTO_FIELD": "django.db.models.AutoField",
}
