"""`Forms`: the extension that gives handlers their forms."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, get_args

from gambrel.core.http.bodies.forms import Upload
from gambrel.core.http.request import Request
from gambrel.extend import TRUSTED_ORIGINS, Codec, Setup, object_converter, read_shape
from gambrel.forms.fields import FieldSpec, read_fields
from gambrel.forms.form import Definition, HTMLForm
from gambrel.forms.live import Checked, answer_checked, asks_to_check
from gambrel.origins import SAFE, OriginGuard

__all__ = ["Forms"]


class Forms:
    """Give `form: HTMLForm[SignUp]` to handlers, sent or not.

    A form that a page of another site has sent is refused (403), but for `trusted` origins. With a
    `trap`, every form has a field of that name that people do not see: what fills it in is spam.
    """

    name = "forms"
    requires = ()
    settings = None

    def __init__(self, *, trusted: Sequence[str] = (), trap: str = "") -> None:
        self.trap = trap
        self.guard = OriginGuard(trusted=trusted, allow_unknown=True)

    def install(self, setup: Setup) -> None:
        """Provide the forms."""
        setup.provide(HTMLForm, FormFactory(self.guard, self.trap))  # type: ignore[arg-type]  # it makes one for each kind
        for origin in self.guard.trusted:
            setup.add(TRUSTED_ORIGINS, origin)
        setup.on_error(Checked, answer_checked)


class FormFactory:
    """Makes the forms of each class; what a class is as a form is found out at start-up."""

    def __init__(self, guard: OriginGuard, trap: str = "") -> None:
        self.guard = guard
        self.trap = trap

    def of_kind(self, kind: Any) -> Callable[[Request], Awaitable[HTMLForm[Any]]]:
        """Return what makes `HTMLForm[SignUp]` for a request. Raises GambrelError."""
        definition, guard, trap = define(get_args(kind)[0]), self.guard, self.trap

        async def html_form(request: Request) -> HTMLForm[Any]:
            form: HTMLForm[Any] = HTMLForm(definition, trap)
            if request.method not in SAFE:
                guard.check(request)
                form.read(await request.form())
                if asks_to_check(request):
                    raise Checked(request, form)
            return form

        return html_form


def define(kind: Any) -> Definition:
    """Return what a class is as a form. Raises GambrelError where it cannot be one."""
    codecs: dict[type, Codec] = {Upload: Codec(encode=str, decode=no_upload)}
    where = f"{getattr(kind, '__module__', '')}.{getattr(kind, '__qualname__', kind)}"
    convert = object_converter(kind, location="form", form=True, codecs=codecs)
    fields = read_fields(read_shape(kind, codecs), where)
    return Definition(kind, fields, convert, has_files(fields))


def has_files(fields: tuple[FieldSpec, ...]) -> bool:
    """Whether one of the fields is a file."""
    return any(one.widget == "file" or has_files(one.fields) for one in fields)


def no_upload(_text: Any) -> Any:
    """Refuse text where a file is wanted. Raises ValueError."""
    raise ValueError("must be a file")
