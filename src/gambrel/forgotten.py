"""Which extension gives what an app asks for: types of parameters, names and filters of templates.

Also what stands in for a type that no client sends: a model, a class without a constructor. Read
where an error is made, so that it can say what to type. Only names are known here, and nothing is
imported.
"""

from typing import Any

__all__ = ["hint_for_filter", "hint_for_name", "hint_for_type", "hint_to_provide", "is_of_type"]

_FORMS = "Forms()", "gambrel.forms"
_SESSIONS = "Sessions()", "gambrel.sessions"
_DATABASE = 'Database("sqlite:///app.db")', "gambrel.db"
_HTTP = "HTTP()", "gambrel.client"
_LANGUAGES = 'I18n("en")', "gambrel.i18n"
_STATIC = "StaticFiles()", "gambrel.files"

_TYPES = {
    "AsyncSession": _DATABASE,
    "CSRFToken": ("Sessions(tokens=True)", "gambrel.sessions"),
    "Consent": _SESSIONS,
    "Database": _DATABASE,
    "Flash": _SESSIONS,
    "HTMLForm": _FORMS,
    "HTTPClient": _HTTP,
    "Locale": _LANGUAGES,
    "Media": ("MediaFiles()", "gambrel.files"),
    "SafeHTTPClient": _HTTP,
    "SafeSyncHTTPClient": _HTTP,
    "Session": _SESSIONS,
    "Static": _STATIC,
    "Steps": _FORMS,
    "SyncHTTPClient": _HTTP,
    "SyncSession": _DATABASE,
}
_OF_SQLALCHEMY = {"AsyncSession": "AsyncSession", "Session": "SyncSession"}
_STARTS = ("App(extensions=", "a file comes", "a model is", "take the session", "if a client")
_NAMES = {
    "consent": _SESSIONS,
    "csrf_token": ("Sessions(tokens=True)", "gambrel.sessions"),
    "flash": _SESSIONS,
    "hreflang": _LANGUAGES,
    "language_attributes": _LANGUAGES,
    "language_switcher": _LANGUAGES,
    "languages": _LANGUAGES,
    "locale": _LANGUAGES,
    "looks": ("Looks()", "gambrel.looks"),
    "script_messages": _LANGUAGES,
    "static": _STATIC,
    "timezone": _LANGUAGES,
}
_FILTERS = frozenset(
    {
        "compact",
        "currency",
        "date",
        "datetime",
        "intcomma",
        "intword",
        "listed",
        "localtime",
        "naturaltime",
        "number",
        "percent",
        "slugify",
        "time",
    }
)


def hint_for_type(kind: Any) -> str:
    """Return which extension gives values of a type, also of `HTMLForm[Order]`; or nothing.

    Of what no extension gives and no client sends, what stands in for it.
    """
    plain = getattr(kind, "__origin__", kind)
    name = getattr(plain, "__name__", "")
    found = _TYPES.get(name)
    home = str(getattr(plain, "__module__", ""))
    if found is not None and f"{home}.".startswith(f"{found[1]}."):
        return _hint(found)
    if name == "Upload" and home.startswith("gambrel."):
        return "a file comes with a form: let it be a parameter of its own, `picture: Upload`"
    if hasattr(plain, "__mapper__"):
        return (
            f"a model is neither sent nor shown as it is: write a struct of the fields that are, "
            f"`class {name}Public(Struct)`; for an answer, `returns={name}Public` at the route"
        )
    if home.startswith("sqlalchemy.") and name in _OF_SQLALCHEMY:
        return f"take the session of the request: `from gambrel.db import {_OF_SQLALCHEMY[name]}`"
    if has_only_fields(plain):
        return f"if a client sends it: `class {name}(Struct)`; else {hint_to_provide(name)}"
    return ""


def has_only_fields(kind: Any) -> bool:
    """Whether a class names fields and nothing fills them, as if it were a struct."""
    if not isinstance(kind, type) or any("__init__" in vars(one) for one in kind.__mro__[:-1]):
        return False
    names = {"__annotations__", "__annotate_func__"}  # the second is that of Python 3.14
    return bool(names & vars(kind).keys()) and not getattr(kind, "_is_protocol", False)


def is_of_type(hint: str) -> bool:
    """Whether a hint is one that `hint_for_type` gives."""
    return hint.startswith(_STARTS)


def hint_to_provide(kind: str) -> str:
    """Return how an app gives values of a type of its own."""
    return (
        f"register one: `app.provide({kind}, make_it)`, or `Annotated[{kind}, Depends(make_it)]`; "
        f"or annotate the lifespan entry that yields it: `-> AsyncIterator[{kind}]`"
    )


def hint_for_name(name: str) -> str:
    """Return which extension gives a name to templates; or nothing."""
    return _hint(_NAMES[name]) if name in _NAMES else ""


def hint_for_filter(name: str) -> str:
    """Return which extension brings a filter of templates; or nothing."""
    return _hint(_LANGUAGES) if name in _FILTERS else ""


def _hint(extension: tuple[str, str]) -> str:
    call, package = extension
    name = call.partition("(")[0]
    return f"App(extensions=[{call}]), after `from {package} import {name}`"
