"""`Forms`: the extension that gives handlers their forms."""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, get_args

from gambrel.core.http.bodies.forms import Upload
from gambrel.core.http.request import Request
from gambrel.extend import Codec, Depends, Setup, object_converter, read_shape
from gambrel.forms.described import described
from gambrel.forms.fields import choices_from, read_fields
from gambrel.forms.form import Definition, HTMLForm
from gambrel.forms.live import Checked, answer_checked, asks_to_check
from gambrel.forms.rate import Rate, impose_rate
from gambrel.origins import SAFE, OriginGuard

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

    def install(self, setup: Setup) -> None:
        """Provide the forms."""
        setup.provide(HTMLForm, FormFactory(self))  # type: ignore[arg-type]  # it makes one for each kind
        setup.on_error(Checked, answer_checked)


class FormFactory:
    """Makes the forms of each class; what a class is as a form is found out at start-up."""

    def __init__(self, forms: Forms) -> None:
        self.forms = forms

    def of_kind(self, kind: Any) -> Callable[..., Awaitable[HTMLForm[Any]]]:
        """Return what makes `HTMLForm[SignUp]` for a request. Raises GambrelError."""
        definition = define(get_args(kind)[0])

        async def html_form(request: Request, **given: Any) -> HTMLForm[Any]:
            form = begun(self.forms, definition, given)
            if request.method not in SAFE:
                self.forms.guard.check(request)
                form.read(await request.form())
                if asks_to_check(request):
                    raise Checked(request, form)
                if self.forms.rate is not None and form.is_checked:
                    await impose_rate(self.forms.rate, request, form)
            return form

        html_form.describe = described(definition)  # type: ignore[attr-defined]
        return depending(html_form, definition)


def begun(forms: Forms, definition: Definition, given: dict[str, Any]) -> HTMLForm[Any]:
    """Return a form that was not sent, with the choices that were loaded for this request."""
    form: HTMLForm[Any] = HTMLForm(definition, forms.trap)
    for number, load in enumerate(definition.loads):
        form.choices[load] = choices_from(given[f"choices_{number}"])
    return form


def depending(make: Callable[..., Any], *definitions: Definition) -> Callable[..., Awaitable[Any]]:
    """Return what makes a form as a function that depends on whatever loads its choices."""
    loads = dict.fromkeys(load for one in definitions for load in one.loads)
    kinds: dict[str, Any] = {"request": Request}
    kinds |= {f"choices_{n}": Annotated[Any, Depends(load)] for n, load in enumerate(loads)}
    by_name = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter(n, by_name, annotation=kind) for n, kind in kinds.items()]
    make.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    make.__annotations__ = kinds
    return make


def define(kind: Any) -> Definition:
    """Return what a class is as a form. Raises GambrelError where it cannot be one."""
    codecs: dict[type, Codec] = {Upload: Codec(encode=str, decode=as_upload)}
    where = f"{getattr(kind, '__module__', '')}.{getattr(kind, '__qualname__', kind)}"
    convert = object_converter(kind, location="form", form=True, codecs=codecs)
    return Definition(kind, read_fields(read_shape(kind, codecs), where), convert)


def as_upload(value: Any) -> Upload:
    """Return a file as it is. Raises ValueError for text."""
    if isinstance(value, Upload):
        return value
    raise ValueError("must be a file")
