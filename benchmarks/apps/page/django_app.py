"""Django, with its own session, ORM and templates; the middleware of `startproject` for them."""

import os

import django
from content import KEY, NAME, PEOPLE, ROWS
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path

# Django advises against lasting connections under ASGI.
LASTING = 0 if os.environ.get("BENCH_MODE") == "async" else None
settings.configure(
    SECRET_KEY=KEY,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["BENCH_DATABASE"],
            "CONN_MAX_AGE": LASTING,
        }
    },
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    TEMPLATES=[
        {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": ["templates"]}
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
)
django.setup()

from product import Product  # noqa: E402 - a model needs the settings


def login(request):
    request.session["name"] = NAME
    return HttpResponse("welcome", content_type="text/plain")


def product(request, id):
    name = request.session.get("name")
    if not name:
        return HttpResponse(status=401)
    found = get_object_or_404(Product, id=id)
    return render(request, "product.html", {"name": name, "product": found, "rows": ROWS})


def rows(request):
    return render(request, "rows.html", {"title": "People", "people": PEOPLE})


urlpatterns = [path("login", login), path("rows", rows), path("products/<int:id>", product)]
wsgi = get_wsgi_application()
asgi = get_asgi_application()
