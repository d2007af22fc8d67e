"""The commonest mistakes, and one sentence for each that says what to type.

Every hint is a pure function from an exception to a text, or None. The report asks `hint_for`;
code is set in backticks.
"""

import difflib
import errno
import inspect
import os
import re
import traceback
from collections.abc import Callable, Mapping
from types import FrameType

from gambrel.core.http.errors import GambrelError, HTTPError
from gambrel.debug.foreign import foreign_name
from gambrel.debug.of_databases import DATABASE_HINTS
from gambrel.forgotten import hint_for_filter, hint_for_name, is_of_type

__all__ = ["HINTS", "hint_for"]

Hint = Callable[[BaseException], str | None]

_EXTRAS = {"watchfiles": "dev", "httpx2": "test", "pytest": "test"}
_PACKAGES = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "jwt": "pyjwt",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
_FILE_ATTRIBUTES = {"filename", "read", "save", "content_type", "size", "file"}


def hint_for(error: BaseException) -> str | None:
    """Return the hint for an error: that of a known mistake, else the error's own.

    Causes are asked as well: what a library wraps is often the mistake itself.
    """
    current: BaseException | None = error
    for _ in range(8):
        if current is None:
            break
        if text := _first(current):
            return text
        current = current.__cause__ or current.__context__
    return error.hint or None if isinstance(error, GambrelError) else None


def _first(error: BaseException) -> str | None:
    try:
        return next(filter(None, (hint(error) for hint in HINTS)), None)
    except Exception:  # the message of the error is what fails
        return None


def forgotten_await(error: BaseException) -> str | None:
    """A coroutine was used as if it were its result."""
    text = str(error)
    if "'coroutine'" in text or "coroutine object" in text or "type coroutine" in text:
        return "A coroutine was used as a value. Put `await` before the call that returned it."
    if "was never awaited" in text:
        return "Put `await` before the call; a coroutine does nothing until it is awaited."
    return None


def blocking_call(error: BaseException) -> str | None:
    """Something meant for threads was called on the event loop."""
    text = str(error)
    if isinstance(error, RuntimeError) and (
        "asyncio.run() cannot be called" in text or "event loop is already running" in text
    ):
        return (
            "The loop is running already: `await` the coroutine instead of `asyncio.run(...)`, "
            "or write the handler as `def`, which runs in a thread."
        )
    if isinstance(error, TimeoutError) and _is_in_async_handler(error):
        return (
            "If a call in this `async def` blocks (`time.sleep`, `requests`, a sync driver), use "
            "its async counterpart, `await asyncio.to_thread(...)`, or write the handler as `def`."
        )
    return None


def missing_package(error: BaseException) -> str | None:
    """A module is not installed, perhaps one that an extra brings."""
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return None
    name = error.name.partition(".")[0]
    if name == "gambrel":
        return foreign_name(error)
    if name in _EXTRAS:
        return f"Install the extra that brings it: `pip install 'gambrel[{_EXTRAS[name]}]'`."
    return (
        f"Install it with `pip install {_PACKAGES.get(name, name)}`; if it is a module of yours, "
        "start from the folder that holds it."
    )


def wrong_form_encoding(error: BaseException) -> str | None:
    """A form with a file was sent without the encoding for files."""
    attribute = isinstance(error, AttributeError) and error.name in _FILE_ATTRIBUTES
    text_instead = attribute and isinstance(getattr(error, "obj", None), str)
    refused = isinstance(error, HTTPError) and error.status == 415
    if text_instead or (refused and "multipart/form-data" in str(error)):
        return (
            "The form sent the file's name, not the file. Write "
            '`<form method="post" enctype="multipart/form-data">`.'
        )
    return None


def port_taken(error: BaseException) -> str | None:
    """Another process listens on the port."""
    if not isinstance(error, OSError) or error.errno != errno.EADDRINUSE:
        return None
    return (
        "Another process uses this port. Stop it, or choose one: `gambrel run app.py --port 8001`."
    )


def circular_import(error: BaseException) -> str | None:
    """Two modules import each other."""
    text = str(error)
    if isinstance(error, ImportError | AttributeError) and "partially initialized module" in text:
        return (
            "Two modules import each other. Move what both need into a third, or register routes "
            "from the upper one: `app.include(router)`."
        )
    return None


def duplicate_route(error: BaseException) -> str | None:
    """A method and path have two handlers."""
    if not _has_code(error, "routing.conflict"):
        return None
    return (
        "Two handlers answer the same method and path. Remove one, change its path, or tell them "
        "apart with `when=[...]`."
    )


def bad_annotation(error: BaseException) -> str | None:
    """An annotation cannot be evaluated, or is not a type."""
    if _has_code(error, "binding.annotation"):
        return (
            "Import the name at the top of the module and outside `if TYPE_CHECKING:`; annotations "
            "are read at run time."
        )
    if isinstance(error, TypeError) and "unsupported operand type(s) for |" in str(error):
        return "One side of `|` is a value, not a type. Write `X | None` with a class for `X`."
    return None


def answer_of_error_handler(error: BaseException) -> str | None:
    """A handler of errors returned what cannot be sent."""
    if str(error).startswith("the error handler "):
        return (
            "A handler of errors returns a `Response`, such as `JSON(value, status=418)`, or None."
        )
    return None


def body_not_a_struct(error: BaseException) -> str | None:
    """A parameter has a type that cannot be read from a request."""
    if not _has_code(error, "binding.unsupported-type"):
        return None
    if forgotten := _extension_named(error):
        return forgotten
    return (
        "Give a body parameter a `msgspec.Struct`, a dataclass or a `TypedDict`; for what is "
        "not input, register it with `app.provide(Type, make_it)`."
    )


def depends_as_default(error: BaseException) -> str | None:
    """`x: T = Depends(f)` was written, or its marker reached the handler."""
    marker = isinstance(error, AttributeError) and "'Depends' object" in str(error)
    if marker or _has_code(error, "binding.default-marker"):
        return "Write the dependency into the type: `x: Annotated[T, Depends(f)]`."
    return None


def unknown_converter(error: BaseException) -> str | None:
    """A path pattern names a converter that there is not."""
    if not _has_code(error, "routing.pattern") or "converter" not in str(error):
        return None
    return (
        "Use a known converter (`{id:int}`, `{id:uuid}`, `{rest:path}`), or leave it out and "
        "annotate the parameter: `id: int`."
    )


def not_serialisable(error: BaseException) -> str | None:
    """A value that was returned has no JSON form."""
    found = re.search(
        r"Encoding objects of type (\S+) is unsupported|type (\S+) is not JSON serializable",
        str(error),
    )
    if found is None or not isinstance(error, TypeError | GambrelError | NotImplementedError):
        return None
    name = found[1] or found[2]
    return (
        f"JSON has no form for `{name}`. Return a `msgspec.Struct` or dataclass that says what is "
        f"sent, or convert it first: `str(value)`, `list(value)`."
    )


def missing_provider(error: BaseException) -> str | None:
    """A handler asks for a type that nobody provides."""
    if not _has_code(error, "binding.no-provider"):
        return None
    if forgotten := _extension_named(error):
        return forgotten
    return (
        "Register who makes it, `app.provide(Type, make_it)`, or add the extension that does to "
        "`App(extensions=[...])`."
    )


def missing_argument(error: BaseException) -> str | None:
    """A function was called by hand without what binding would have given it."""
    found = re.search(r"(\S+)\(\) missing \d+ required .*?argument", str(error))
    if found is None or not isinstance(error, TypeError):
        return None
    name = found[1].rpartition(".")[2]
    if name == "provide":
        return "Say who makes it: `app.provide(Repo, make_repo)`, or `app.provide(Repo, Repo)`."
    return (
        f"`{name}` was called without all its arguments. Pass them; if it is a dependency, ask "
        f"for it instead of calling it: `Annotated[T, Depends({name})]`."
    )


def attribute_of_none(error: BaseException) -> str | None:
    """A value was None where an object was expected."""
    if isinstance(error, AttributeError):
        found = re.match(r"'NoneType' object has no attribute '(\w+)'", str(error))
        if found:
            return (
                f"What stands before `.{found[1]}` is `None`: perhaps nothing was found. Check for "
                "it first, for instance `if item is None: raise NotFound`."
            )
    none = r"'NoneType' object is not|unsupported operand .*'NoneType'|.*instances of 'NoneType'"
    if isinstance(error, TypeError) and re.match(none, str(error)):
        return "A value here is `None`. Check for it before it is used: `if value is None: ...`."
    return None


def missing_key(error: BaseException) -> str | None:
    """A header or an environment variable is not there."""
    if not isinstance(error, KeyError) or not error.args:
        return None
    name = error.args[0]
    frame = _last_frame(error)
    if frame is not None and frame.f_locals.get("self") is os.environ:
        return (
            f"Set the variable, `export {name}=...`, or give the setting a default in a settings "
            f"class; `os.environ.get({name!r})` returns None."
        )
    place = frame.f_code.co_qualname if frame is not None else ""
    if place.startswith("Headers."):
        return (
            f"The client did not send {name!r}. Ask for it as a parameter, "
            "`Annotated[str | None, Header()] = None`, or use `headers.get(...)`."
        )
    return None


def sync_generator(error: BaseException) -> str | None:
    """A plain generator stands where an async one is needed, or the other way round."""
    text = str(error)
    if not isinstance(error, TypeError):
        return None
    if "'async for' requires" in text and "generator" in text:
        return "This is a plain generator: use `for`, or write its function as `async def`."
    if "'async_generator' object is not iterable" in text:
        return "Iterate an async generator with `async for`, in an `async def` function."
    if "'async with'" in text or "asynchronous context manager" in text:
        return "This is a plain context manager: use `with` instead of `async with`."
    return None


def generator_without_yield(error: BaseException) -> str | None:
    """A dependency or a lifespan ended before its `yield`, or went on to a second one."""
    if not isinstance(error, RuntimeError) or "generator didn't" not in str(error):
        return None
    if "yield" in str(error):
        return "The generator returned before its `yield`: give its value there, on every way."
    return "The generator has a second `yield`: what comes after the first one only cleans up."


def mutable_default(error: BaseException) -> str | None:
    """A field has a list or the like as its default, which all objects would share."""
    text = str(error)
    if not ("mutable" in text and "default_factory" in text):
        return None
    library = "dataclasses" if isinstance(error, ValueError) else "msgspec"
    return (
        "All objects would share this default. Make one for each, with `field` of "
        f'{library}: `tags: list[str] = field(default_factory=lambda: ["x"])`.'
    )


def naive_datetime(error: BaseException) -> str | None:
    """Datetimes with and without a time zone were mixed."""
    if isinstance(error, TypeError) and "offset-naive and offset-aware" in str(error):
        return (
            "One of the datetimes has no time zone. Use `datetime.now(UTC)` instead of `utcnow()` "
            "or `now()`, and `.replace(tzinfo=UTC)` for what was stored without one."
        )
    return None


def upload_saved_again(error: BaseException) -> str | None:
    """An upload was saved where a file is already."""
    if isinstance(error, FileExistsError) and _calls(error, "Upload.save"):
        return (
            "A file is there already. To put the upload in its place: "
            "`await upload.save(path, replace=True)`."
        )
    return None


def piece_of_a_stream(error: BaseException) -> str | None:
    """A stream of text or octets was given something else."""
    found = re.match(r"sequence item \d+: expected a bytes-like object, (\w+) found", str(error))
    if found is None or not isinstance(error, TypeError):
        return None
    return (
        f"A piece of a stream is of type `{found[1]}`: yield `str` or `bytes`, or declare what is "
        f"yielded, `-> AsyncIterator[{found[1]}]`, which is sent as lines of JSON."
    )


def settings_too_early(error: BaseException) -> str | None:
    """Settings were read while modules load."""
    if isinstance(error, AttributeError) and "before the build has loaded the settings" in str(
        error
    ):
        return (
            "Settings are read when the app is built. Ask for them by their class where they are "
            "needed: `async def handler(settings: ShedSettings)`, also in dependencies, lifespan "
            "functions and commands."
        )
    return None


def json_as_text(error: BaseException) -> str | None:
    """A JSON body was sent under another media type."""
    refused = isinstance(error, HTTPError) and error.status == 415
    if refused and "application/json" in str(error):
        return (
            "Send JSON with its media type: `Content-Type: application/json` "
            "(`curl --json`, `fetch(..., {headers: {'content-type': 'application/json'}})`)."
        )
    return None


def name_in_template(error: BaseException) -> str | None:
    """A template uses a name that its page was not given."""
    if found := re.match(r"No filter named '(\w+)'", str(error)):
        return _typed(hint_for_filter(found[1]))
    found = re.match(r"'(\w+)' is undefined", str(error))
    frame = _last_frame(error)
    if found is None or frame is None or TEMPLATE not in frame.f_globals:
        return None
    names = sorted(values_in_template(frame.f_locals))
    if forgotten := hint_for_name(found[1]):
        return _typed(forgotten)
    near = difflib.get_close_matches(found[1], names, 1, 0.6)
    if near:
        return f"Did you mean `{near[0]}`?"
    given = ", ".join(f"`{name}`" for name in names) or "nothing"
    return (
        f"Give it: `Template(..., {{{found[1]!r}: ...}})`, or write `{found[1]} | default(...)`. "
        f"The page has {given}."
    )


HINTS: tuple[Hint, ...] = (
    name_in_template,
    forgotten_await,
    blocking_call,
    missing_package,
    wrong_form_encoding,
    port_taken,
    circular_import,
    duplicate_route,
    bad_annotation,
    not_serialisable,
    answer_of_error_handler,
    body_not_a_struct,
    depends_as_default,
    unknown_converter,
    missing_provider,
    missing_argument,
    attribute_of_none,
    missing_key,
    sync_generator,
    generator_without_yield,
    mutable_default,
    naive_datetime,
    upload_saved_again,
    json_as_text,
    piece_of_a_stream,
    settings_too_early,
    *DATABASE_HINTS,
    foreign_name,
)


TEMPLATE = "__jinja_exception__"
"""Among the globals of a frame that Jinja has made for a line of a template."""
_OF_JINJA = {"cycler", "dict", "joiner", "lipsum", "namespace", "range"}


def values_in_template(variables: Mapping[str, object]) -> dict[str, object]:
    """Return the variables of a template's frame without those that every template has."""
    return {
        name: value
        for name, value in variables.items()
        if not name.startswith("_") and name not in _OF_JINJA
    }


def _extension_named(error: BaseException) -> str | None:
    """Return the hint of an error itself, where it knows what the type is."""
    hint = getattr(error, "hint", "")
    return (_typed(hint) or hint[:1].upper() + hint[1:]) if is_of_type(hint) else None


def _typed(hint: str) -> str | None:
    call, comma, rest = hint.partition("), after")
    return f"Add the extension that gives it: `{call})`, after{rest}." if comma else None


def _has_code(error: BaseException, code: str) -> bool:
    return isinstance(error, GambrelError) and error.code == code


def _calls(error: BaseException, function: str) -> bool:
    """Tell whether a function, by its qualified name, is in the trace of an error."""
    calls = traceback.walk_tb(error.__traceback__)
    return any(frame.f_code.co_qualname == function for frame, _ in calls)


def _last_frame(error: BaseException) -> FrameType | None:
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return frames[-1] if frames else None


def _is_in_async_handler(error: BaseException) -> bool:
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return any(frame.f_code.co_flags & inspect.CO_COROUTINE for frame in frames[-3:])
