"""`Forms`: the extension that gives handlers their forms."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, get_args, get_origin

from gambrel.core.http.bodies.forms import Upload
from gambrel.core.http.errors import GambrelError
from gambrel.core.http.request import Request
from gambrel.extend import (
    TRUSTED_ORIGINS,
    Codec,
    Depends,
    Setup,
    object_converter,
    read_shape,
)
from gambrel.forms.described import described
from gambrel.forms.fields import choices_from, read_fields
from gambrel.forms.form import Definition, HTMLForm
from gambrel.forms.live import Checked, answer_checked, asks_to_check
from gambrel.forms.rate import Once, Rate, Tally, impose_rate
from gambrel.forms.step import read_steps
from gambrel.forms.steps import Steps
from gambrel.origins import SAFE, OriginGuard, check_open

__all__ = ["Forms"]


class Forms:
    """Give `form: HTMLForm[SignUp]` to handlers, sent or not.

    A form that a page of another site has sent is refused (403), but for `trusted` origins. With a
    `trap`, every form has a field of that name that people do not see: what fills it in is spam.
    `rate(request)` returns the seconds that a client has to wait, 0 for none: see `PerClient`.
    """

    name = "forms"
    requires = ()
    settings = None

    def __init__(
        self, *, trusted: Sequence[str] = (), trap: str = "", rate: Rate | None = None
    ) -> None:
        self.trap = trap
        self.rate = rate
        self.guard = OriginGuard(trusted=trusted, allow_unknown=True)
        self.once = Tally()
        self.needs: dict[str, Any] = {}

    def install(self, setup: Setup) -> None:
        """Provide the forms, plain ones and those in steps."""
        sessions: Any = getattr(setup.settings, "sessions", None)
        if getattr(sessions, "tokens", False):
            from gambrel.sessions.tokens import CSRFToken  # noqa: PLC0415 - start-up: tokens

            self.needs = {"token": CSRFToken}
        for origin in self.guard.trusted:
            setup.add(TRUSTED_ORIGINS, origin)
        setup.check(check_open, deploy=True)
        setup.provide(HTMLForm, FormFactory(self))  # type: ignore[arg-type]  # it makes one for each kind
        setup.provide(Steps, StepsFactory(self))  # type: ignore[arg-type]
        setup.on_error(Checked, answer_checked)

    def begin(self, definition: Definition, given: Mapping[str, Any]) -> HTMLForm[Any]:
        """Return a form that was not sent, with the choices that were loaded for its request."""
        form: HTMLForm[Any] = HTMLForm(definition, self.trap)
        for load in definition.loads:
            form.choices[load] = choices_from(given[name_of(load)])
        form.token = given.get("token")
        return form


class FormFactory:
    """Makes the forms of each class; what a class is as a form is found out at start-up."""

    def __init__(self, forms: Forms) -> None:
        self.forms = forms

    def of_kind(self, kind: Any) -> Callable[..., Awaitable[HTMLForm[Any]]]:
        """Return what makes `HTMLForm[SignUp]` for a request. Raises GambrelError."""
        definition = define(class_of(kind))

        async def html_form(request: Request, **given: Any) -> HTMLForm[Any]:
            form = self.forms.begin(definition, given)
            if request.method not in SAFE:
                self.forms.guard.check(request)
                form.read(await request.form())
                if asks_to_check(request):
                    raise Checked(request, form)
                if self.forms.rate is not None and form.is_checked:
                    await impose_rate(self.forms.rate, request, form)
            return form

        html_form.__describe__ = described(definition)  # type: ignore[attr-defined]
        return depending(html_form, self.forms.needs, definition)


class StepsFactory:
    """Makes the steps of each class, with the session that keeps what was answered."""

    def __init__(self, forms: Forms) -> None:
        self.forms = forms

    def of_kind(self, kind: Any) -> Callable[..., AsyncIterator[Steps[Any]]]:
        """Return what makes `Steps[Checkout]` for a request. Raises GambrelError."""
        from gambrel.sessions.session import Session  # noqa: PLC0415 - start-up: sessions

        cls = class_of(kind)
        walk = read_steps(cls, read_shape(cls, CODECS), define)
        definitions = [step.definition for step in walk.steps]

        async def once() -> AsyncIterator[Once]:
            found = Once(self.forms.once)
            try:
                yield found
            except BaseException:  # of the handler, or of a commit: it can be sent again
                found.give_back()
                raise

        async def steps(
            request: Request, session: Any, once: Once, **given: Any
        ) -> AsyncIterator[Steps[Any]]:
            make = partial(self.forms.begin, given=given)
            found: Steps[Any] = Steps(walk, request, session, once, make)
            if request.method in SAFE:
                found.show()
            else:
                self.forms.guard.check(request)
                sent = await request.form()
                if asks_to_check(request):
                    raise Checked(request, found.checked(sent))
                found.take(sent)
                if self.forms.rate is not None and found.value is not None:
                    await impose_rate(self.forms.rate, request, found)
            yield found
            found.settle()

        steps.__describe__ = described(*definitions)  # type: ignore[attr-defined]
        needs = {"session": Session, "once": Annotated[Once, Depends(once, exit="after")]}
        return depending(steps, {**needs, **self.forms.needs}, *definitions)


def class_of(kind: Any) -> Any:
    """Return the class of `HTMLForm[SignUp]`. Raises GambrelError where it is none, or left out."""
    given = get_args(kind)
    name = getattr(get_origin(kind) or kind, "__name__", "")
    named = [getattr(one, "__name__", str(one)) for one in given]
    where = f"a parameter of type {name}{named if given else ''}".replace("'", "")
    hint = f"write `{name}[SignUp]`, with a class of typed fields"
    if not given:
        raise GambrelError("forms.class", f"{name} does not say which form it is", where, hint)
    if read_shape(given[0], CODECS).kind != "object":
        what = f"{named[0]} has no fields, and is no form"
        raise GambrelError("forms.class", what, where, hint)
    return given[0]


def depending(
    make: Callable[..., Any], needs: Mapping[str, Any], *definitions: Definition
) -> Callable[..., Any]:
    """Return what makes a form as a function that depends on what it needs, by name.

    That is what returns the choices of its fields, too.
    """
    loads = dict.fromkeys(load for one in definitions for load in one.loads)
    kinds: dict[str, Any] = {"request": Request, **needs}
    kinds |= {name_of(load): Annotated[Any, Depends(load)] for load in loads}
    by_name = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter(n, by_name, annotation=kind) for n, kind in kinds.items()]
    if any(one.has_files for one in definitions):
        make.__takes_files__ = True  # type: ignore[attr-defined]
    make.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    make.__annotations__ = kinds
    return make


def name_of(load: Callable[..., Any]) -> str:
    """Return the name of the argument that has the choices of a function."""
    return f"choices_{id(load)}"


def define(kind: Any) -> Definition:
    """Return what a class is as a form. Raises GambrelError where it cannot be one."""
    where = f"{getattr(kind, '__module__', '')}.{getattr(kind, '__qualname__', kind)}"
    convert = object_converter(kind, location="form", form=True, codecs=CODECS)
    return Definition(kind, read_fields(read_shape(kind, CODECS), where), convert)


def as_upload(value: Any) -> Upload:
    """Return a file as it is. Raises ValueError for text."""
    if isinstance(value, Upload):
        return value
    raise ValueError("must be a file")


CODECS: dict[type, Codec] = {Upload: Codec(encode=str, decode=as_upload)}
