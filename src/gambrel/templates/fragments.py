"""The tag `cache`: a part of a page that is made once and shown again, in the memory of a process.

    {% cache "menu", user.role, seconds=300 %} … {% endcache %}

What a part shows of its visitor has to be in its key. So that nothing of one visitor is kept for
all by mistake, the globals that a page has of its request are refused inside. The language and the
time zone of a part that has asked for them are in its key by themselves.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from markupsafe import Markup

from gambrel.core.http.errors import GambrelError
from gambrel.templates.page import PAGE, Page
from gambrel.wording import SPEAKER

__all__ = ["Cache", "Fragments"]

FOR_ALL = frozenset({"component_scripts", "component_styles", "looks", "static", "url"})
"""Globals of a page that are the same for every visitor."""
PLAIN = (str, int, float, bool, type(None))
Key = tuple[Any, ...]
Asked = tuple[str, ...]
"""What a part has asked of whoever is spoken to: its `language`, its `zone`."""


class Fragments:
    """Parts of pages, `limit` characters of them at most; those used longest ago leave first.

    Pages are made in several threads at a time.
    """

    def __init__(self, limit: int = 8_000_000, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self.clock = clock
        self.size = 0
        self.lock = threading.RLock()
        self.kept: OrderedDict[Key, tuple[float, str | Asked]] = OrderedDict()

    def find(self, key: Key) -> str | None:
        """Return a part that still counts, in the language of now."""
        found = self.entry(key)
        if isinstance(found, tuple):
            found = self.entry((*key, *spoken(found)))
        return found if isinstance(found, str) else None

    def entry(self, key: Key) -> "str | Asked | None":
        """Return what is kept at a key: a part, or what parts of the key ask of the speaker."""
        with self.lock:
            found = self.kept.get(key)
            if found is None or found[0] <= self.clock():
                return None
            self.kept.move_to_end(key)
        return found[1]

    def keep_part(self, key: Key, text: str, seconds: float, asked: "Asked") -> None:
        """Keep a part that has asked so much of the speaker."""
        before = self.entry(key)
        if isinstance(before, tuple):
            asked = tuple(sorted({*asked, *before}))
        if asked:
            self.keep(key, asked, seconds)
        self.keep((*key, *spoken(asked)), text, seconds)

    def keep(self, key: Key, text: "str | Asked", seconds: float) -> None:
        """Keep something for a while."""
        with self.lock:
            self.drop(key)
            self.kept[key] = (self.clock() + seconds, text)
            self.size += len(text)
            while self.size > self.limit:
                self.drop(next(iter(self.kept)))

    def drop(self, key: Key) -> None:
        """Drop a part, if there is one."""
        with self.lock:
            found = self.kept.pop(key, None)
            self.size -= 0 if found is None else len(found[1])

    def forget(self, name: str) -> None:
        """Drop all parts of a name."""
        with self.lock:
            for key in [key for key in self.kept if key[0] == name]:
                self.drop(key)


class Cache(Extension):
    """The tag `cache`, with a name, what the part depends on, and for how many seconds it counts.

    `uses` names globals of the request that the key covers: `uses=["request"]` beside its path.
    """

    tags = {"cache"}  # noqa: RUF012 - as Jinja declares it

    def parse(self, parser: Parser) -> nodes.Node:
        """Read the tag and what stands in it."""
        line = next(parser.stream).lineno
        keys = [parser.parse_expression()]
        options: dict[str, nodes.Expr] = {"seconds": nodes.Const(60), "uses": nodes.List([])}
        while parser.stream.skip_if("comma"):
            if parser.stream.look().type == "assign":
                name = parser.stream.expect("name").value
                parser.stream.expect("assign")
                if name not in options:
                    parser.fail(f"`cache` takes seconds= and uses=, not {name}=", line)
                options[name] = parser.parse_expression()
            else:
                keys.append(parser.parse_expression())
        body = parser.parse_statements(("name:endcache",), drop_needle=True)
        names = nodes.Const(frozenset())  # until all of the template is known
        given = [nodes.List(keys), *options.values(), names, nodes.ContextReference()]
        return nodes.CallBlock(self.call_method("show", given), [], [], body).set_lineno(line)

    def show(
        self,
        keys: list[Any],
        seconds: float,
        uses: list[str],
        names: frozenset[str],
        context: Any,
        caller: Any,
    ) -> Any:
        """Return the part, from memory where it is there. Raises GambrelError.

        `names` are those that its template may use in it.
        """
        environment: Any = self.environment
        page: Page | None = context.parent.get(PAGE)
        key = (*key_of(keys, context.name), *place_of(page))
        found = None if environment.auto_reload else environment.fragments.find(key)
        if found is not None:
            return Markup(found)  # noqa: S704 - it was escaped when it was made
        watched = Watched(page, FOR_ALL.union(uses), names, context.name)
        if environment.is_async:
            return self.made_later(caller, key, seconds, watched)
        with watched:
            made = str(caller())
        environment.fragments.keep_part(key, made, seconds, watched.asked)
        return Markup(made)  # noqa: S704 - the same

    async def made_later(self, caller: Any, key: Key, seconds: float, watched: "Watched") -> Markup:
        """Do the same where the part waits for what it shows."""
        environment: Any = self.environment
        with watched:
            made = str(await caller())
        environment.fragments.keep_part(key, made, seconds, watched.asked)
        return Markup(made)  # noqa: S704 - it was escaped when it was made


class Heard:
    """A speaker that notes what is asked of it."""

    def __init__(self, speaker: Any) -> None:
        self.speaker = speaker
        self.noted: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.noted.add(name)
        return getattr(self.speaker, name)


def spoken(asked: Asked) -> Asked:
    """Return what the speaker of now answers: the tag of the language, the name of the zone."""
    speaker: Any = SPEAKER.get()
    found = (getattr(speaker, name) for name in asked if speaker is not None)
    return tuple(str(getattr(one, "tag", one)) for one in found)


class Watched:
    """Sees what a page uses meanwhile: of its request, where it refuses what is a visitor's.

    `names` are those that the template itself uses, and may have asked for before. `asked` is what
    was asked of the speaker.
    """

    def __init__(
        self, page: Page | None, allowed: frozenset[str], names: frozenset[str], where: str
    ) -> None:
        self.page = page
        self.allowed = allowed
        self.names = names
        self.where = where
        self.before: dict[str, Any] = {}
        self.asked: Asked = ()

    def __enter__(self) -> None:
        speaker = SPEAKER.get()
        self.heard: Any = None if speaker is None else Heard(speaker)
        self.spoke = SPEAKER.set(self.heard)
        if self.page is not None:
            self.before, self.page.kept = self.page.kept, {}

    def __exit__(self, kind: Any, *_: object) -> None:
        SPEAKER.reset(self.spoke)
        if self.heard is not None:
            self.asked = tuple(sorted(self.heard.noted & {"language", "zone"}))
        if self.page is None:
            return
        used = self.page.kept
        self.page.kept = {**used, **self.before}
        named = self.names.intersection(self.page.globals) if self.page.request else ()
        wrong = sorted({*used, *named} - self.allowed)
        if wrong and kind is None:
            raise GambrelError(
                "templates.cached-request",
                f"a part that is kept for all uses {', '.join(map(repr, wrong))} of one request",
                self.where,
                "give what it shows as a value and a part of the key, or name it in uses=[...]",
            )


def name_parts(template: nodes.Template) -> None:
    """Tell the tags of a template which names they may use: their own, and those of its macros."""
    found = [block for block in template.find_all(nodes.CallBlock) if is_cache(block)]
    macros = [name for macro in template.find_all(nodes.Macro) for name in names_in([macro])]
    for block in found:
        call: Any = block.call
        call.args[-2] = nodes.Const(frozenset([*names_in(block.body), *macros]))


def is_cache(block: nodes.CallBlock) -> bool:
    """Whether a node is made of the tag `cache`."""
    called = block.call.node
    if not isinstance(called, nodes.ExtensionAttribute):
        return False
    return bool(called.identifier == Cache.identifier)


def names_in(body: list[nodes.Node]) -> list[str]:
    """Return the names that a part of a template uses."""
    found = [name for node in body for name in node.find_all(nodes.Name)]
    return [name.name for name in found if name.ctx == "load"]


def place_of(page: Page | None) -> Key:
    """Return what addresses depend on: where the app is mounted, and the routes beside this one."""
    if page is None or page.request is None:
        return ()
    return page.request.root_path, getattr(page.request.route, "namespace", "")


def key_of(keys: list[Any], where: str) -> Key:
    """Return what a part is kept by: name, template, and values with their types.

    Raises GambrelError for a value that does not tell by itself what it is.
    """
    for value in keys:
        if not isinstance(value, PLAIN):
            raise GambrelError(
                "templates.cache-key",
                f"a {type(value).__name__} is no part of a key",
                where,
                "give texts, numbers, or what tells it apart: item.id, item.changed | string",
            )
    return (keys[0], where, *((type(value), value) for value in keys[1:]))
