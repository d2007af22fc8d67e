"""`Steps`: a form in several steps, whose answers are kept in the session until the last one."""

import secrets
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from gambrel.core.http.bodies.forms import FormData
from gambrel.core.http.errors import GambrelError
from gambrel.core.http.request import Request
from gambrel.forms.form import Definition, HTMLForm
from gambrel.forms.progress import render_steps
from gambrel.forms.rate import Once
from gambrel.forms.step import Step, Walk
from gambrel.forms.texts import GO, RUN, STEP
from gambrel.markup import Markup
from gambrel.wording import say

__all__ = ["Steps"]

T = TypeVar("T")


class Steps(Generic[T]):
    """A form of the class `T` in steps, one for each of its fields; injected, given to templates.

    `value` is the object once the last step was sent, None before. `location` is where the browser
    is to go on after a step was sent, `form` that of the step to show.
    """

    opened_last = 1
    """As of `HTMLForm`."""

    def __init__(
        self,
        walk: Walk,
        request: Request,
        session: MutableMapping[str, Any],
        once: Once,
        make: Callable[[Definition], HTMLForm[Any]] = HTMLForm,
    ) -> None:
        self.walk = walk
        self.value: T | None = None
        self.location = ""
        self.notice = ""
        self._is_over = False
        self.status = 200
        self._request = request
        self._session = session
        self._once = once
        self._new = make
        self._forms = {step.name: self._make(step.definition) for step in walk.steps}
        self._current = walk.steps[0]
        self._seen: tuple[list[Step], dict[str, Any], Step | None] | None = None
        self.has_moved = False
        """Whether one has come here from another step: its heading has the focus then."""

    # Where one is ---------------------------------------------------------------------------

    @property
    def step(self) -> Step:
        """The step to show."""
        return self._current

    @property
    def form(self) -> HTMLForm[Any]:
        """The form of the step to show."""
        return self._forms[self._current.name]

    @property
    def title(self) -> str:
        """What the step to show is called."""
        return str(self._current.title)

    @property
    def number(self) -> int:
        """Which step it is, from 1."""
        return self.path.index(self._current) + 1

    @property
    def count(self) -> int:
        """How many steps there are, as far as is known."""
        return len(self.path)

    @property
    def path(self) -> list[Step]:
        """The steps that are asked; those of which nobody can tell yet, too."""
        return self._look()[0]

    @property
    def earlier(self) -> list[Step]:
        """The steps before the one to show."""
        return self.path[: self.number - 1]

    @property
    def run(self) -> str:
        """A name for what is being filled in, the same if it is sent twice; empty before that."""
        state = self._kept(self.walk.key)
        return "" if state.get("done") else str(state.get("run", ""))

    def url(self, step: Step) -> str:
        """Return where a step is shown."""
        others = [pair for pair in self._request.query.pairs() if pair[0] != "step"]
        query = urlencode([*others, ("step", step.name)])
        return f"{self._request.root_path}{self._request.raw_path}?{query}"

    @property
    def start(self) -> str:
        """Where the first step is shown."""
        return self.url(self.walk.steps[0])

    def form_of(self, step: Step) -> HTMLForm[Any]:
        """Return the form of a step with what was answered in it."""
        return self._forms[step.name]

    @property
    def is_over(self) -> bool:
        """Whether this was sent, and there is nothing to fill in any more."""
        return self._is_over

    # What happens ---------------------------------------------------------------------------

    def show(self) -> None:
        """Show the step that the address asks for, if one may be there already."""
        if self._kept(self.walk.key).get("done"):
            return  # all of it is gone, and may begin anew
        self._load()
        path, _, opened = self._look()
        wanted = self._request.query.get("step")
        may_be = path[: path.index(opened) + 1] if opened else path
        self._current = next((one for one in may_be if one.name == wanted), opened or path[-1])
        self.has_moved = bool(wanted)
        kept = self._kept(self._key(self._current))
        if kept.get("passed"):
            self.form.check()  # it is no more as it was, or has no fault to show

    def checked(self, data: FormData) -> HTMLForm[Any]:
        """Return the form of the step that was sent, with its faults; nothing is done or kept."""
        form = self._make(self._sent(data).definition)
        form.read(data)
        return form

    def take(self, data: FormData) -> None:
        """Take what was sent from a step: go on, go back, or say what is wrong."""
        run, state = str(data.get(RUN, "")), self._kept(self.walk.key)
        self._current = step = self._sent(data)
        if run and run == state.get("run") and state.get("done"):
            self._tell_over()
            return
        is_lost = bool(run) and run != state.get("run")
        if is_lost or not state or state.get("done"):
            self._begin()
        self._load()
        path, _, opened = self._look()
        if step not in path:
            self._go(opened or path[-1])
            return
        form = self._forms[step.name] = self._make(step.definition)
        form.read(data)
        if is_lost:
            self._keep(step, form, passed=False)
            self._current = self.walk.steps[0]
            self._tell(
                say(
                    "This took too long, or was begun anew elsewhere: earlier answers are not "
                    "there any more. Nothing was sent."
                )
            )
        elif form.is_checked:
            self._move(step, form, str(data.get(GO, "next")))

    def _make(self, definition: Definition) -> HTMLForm[Any]:
        form = self._new(definition)
        form.is_step = True
        return form

    def _sent(self, data: FormData) -> Step:
        known = {step.name: step for step in self.walk.steps}
        return known.get(str(data.get(STEP, "")), self.walk.steps[0])

    def _move(self, step: Step, form: HTMLForm[Any], goes: str) -> None:
        if goes != "next":
            if not self._keep(step, form, passed=None):
                self.status = form.status
                return
            named = [one for one in self.earlier if one.name == goes]
            self._go([step, *self.earlier, *named][-1])
            return
        self._keep(step, form, passed=form.value is not None)
        if form.value is None:
            self.status = form.status
            return
        path, values, opened = self._look()
        if opened is None and path[-1] is step:
            self._finish(values)
        elif opened is not None and path.index(opened) < path.index(step):
            self._go(opened)
        else:
            self._go(path[path.index(step) + 1])

    def _finish(self, values: dict[str, Any]) -> None:
        if not self._once.take((self.walk.key, self.run)):
            self._tell_over()
            return
        try:
            self.value = self.walk.make(values)
        except (ValueError, TypeError) as error:
            self.refuse("", str(error) or "is not valid")

    def refuse(self, path: str, message: str, code: str = "custom") -> None:
        """Add a fault of your own: `steps.refuse("contact.email", "is taken")`; no value then.

        The step that `path` begins with is shown again; without one, the last. Raises GambrelError
        where there is no such step, or no such field in it.
        """
        name, _, rest = path.partition(".")
        known = {step.name: step for step in self.walk.steps}
        if name and name not in known:
            what, names = f"there is no step {name!r}", ", ".join(map(repr, known))
            hint = f'begin with one of {names}: `refuse("{next(iter(known))}.name", ...)`'
            raise GambrelError("forms.no-field", what, f"refuse({path!r}, ...)", hint)
        self._current = known.get(name, self._current)
        self.form.refuse(rest, message, code)
        self.value, self.location = None, ""
        self.status = self.form.status
        key = self._key(self._current)
        self._session[key] = {**self._kept(key), "passed": False}

    def settle(self) -> None:
        """Forget the answers after their handler has taken them; else let it be tried again."""
        if self.value is None:
            self._once.give_back()
            return
        done = {"run": self.run, "done": True}
        for step in self.walk.steps:
            self._session.pop(self._key(step), None)
        self._session[self.walk.key] = done

    # What is kept ---------------------------------------------------------------------------

    def _key(self, step: Step) -> str:
        return f"{self.walk.key}:{step.name}"

    def _kept(self, key: str) -> Mapping[str, Any]:
        found = self._session.get(key)
        return found if isinstance(found, dict) else {}

    def _begin(self) -> None:
        for step in self.walk.steps:
            self._session.pop(self._key(step), None)
        self._session[self.walk.key] = {"run": secrets.token_urlsafe(12)}

    def _load(self) -> None:
        for step in self.walk.steps:
            kept = self._kept(self._key(step))
            if kept:
                self._forms[step.name].texts = dict(kept.get("texts", {}))
        self._seen = None

    def _keep(self, step: Step, form: HTMLForm[Any], *, passed: bool | None) -> bool:
        """Keep the texts of a step; with None, it counts as answered if it did and is the same.

        Where the session has no room for them, the form is refused, and what was kept before stays:
        return False then. Those of the last step are needed in this request only.
        """
        key, texts = self._key(step), texts_of(form)
        before = self._kept(key)
        if passed is None:
            passed = bool(before.get("passed")) and before.get("texts") == texts
        self._session[key] = {"texts": texts, "passed": passed}
        self._seen = None
        if not self._has_room and self.path[-1] is step:
            self._session[key] = {"texts": {}, "passed": passed}
        if self._has_room:
            return True
        self._session[key] = before
        longest = max(texts, key=lambda name: sum(map(len, texts[name])), default="")
        form.refuse(longest, "is too long to be kept")
        return False

    @property
    def _has_room(self) -> bool:
        return getattr(self._session, "has_room", True)

    def _look(self) -> tuple[list[Step], dict[str, Any], Step | None]:
        """Return the steps that are asked, the answers so far, and the first without one."""
        if self._seen is None:
            self._seen = self._walked()
        return self._seen

    def _walked(self) -> tuple[list[Step], dict[str, Any], Step | None]:
        path: list[Step] = []
        values: dict[str, Any] = {}
        left_out: set[str] = set()
        opened: Step | None = None
        for step in self.walk.steps:
            is_known = all(name in values or name in left_out for name in step.needs)
            if step.when and is_known and not step.when(*(values.get(n) for n in step.needs)):
                left_out.add(step.name)
                continue
            path.append(step)
            value = self._answer(step) if opened is None else None
            if value is not None:
                values[step.name] = value
            else:
                opened = opened or step
        return path, values, opened

    def _answer(self, step: Step) -> Any:
        if not self._kept(self._key(step)).get("passed"):
            return None
        form = self._forms[step.name]
        if form.is_checked:
            return form.value
        checked = self._make(step.definition)
        checked.texts = form.texts
        checked.check()
        return checked.value

    def _go(self, step: Step) -> None:
        self._current = step
        self.has_moved = True
        self.location = self.url(step)

    def _tell(self, notice: str) -> None:
        self.notice, self.status = notice, 409

    def _tell_over(self) -> None:
        self._is_over = True
        self._tell(say("This was sent already. Nothing was sent a second time."))

    # How it is shown ------------------------------------------------------------------------

    @property
    def attributes(self) -> Markup:
        """The attributes of the `<form>` itself."""
        return self.form.attributes

    def __html__(self) -> str:
        """Return the step with its heading, its fields and its buttons."""
        return render_steps(self)

    def __repr__(self) -> str:
        return f"<Steps at {self._current.name}>"


def texts_of(form: HTMLForm[Any]) -> dict[str, list[str]]:
    """Return the texts of a form as they are kept: no files, and no passwords."""
    hidden = {name for name, spec in form.definition.every if spec.is_unkept}
    return {name: texts for name, texts in form.texts.items() if name not in hidden}
