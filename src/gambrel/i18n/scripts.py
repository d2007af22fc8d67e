"""What scripts in the browser say: messages of the catalogs `scripts`, as a script of its own.

`{{ script_messages }}` loads it before yours, which call `gettext("…")` and its kind as in Python.
"""

import hashlib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import msgspec

from gambrel.core.http.errors import NotFound
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.i18n.catalogs import Messages
from gambrel.markup import Markup, element
from gambrel.wording import SPEAKER

__all__ = ["ScriptMessages"]

CODE = Path(__file__).with_name("static") / "gettext.js"
SCOPE = 200
"""Forms are told for so many numbers; beyond, they come again every hundred."""
_FOREVER = {"cache-control": "public, max-age=31536000, immutable"}


class ScriptMessages:
    """The scripts with the messages of each language, by names that change with them."""

    def __init__(self, prefix: str) -> None:
        self.prefix = f"{prefix}/scripts"
        self.files: dict[str, bytes] = {}
        self.names: dict[str, str] = {}

    @cached_property
    def code(self) -> bytes:
        """The functions that scripts call."""
        return CODE.read_bytes()

    def load(self, languages: Iterable[tuple[str, Messages]]) -> None:
        """Make the script of each language, which is an app's start."""
        for tag, messages in languages:
            text = self.code.replace(b"MESSAGES", as_json(messages))
            self.names[tag] = f"{tag}.{hashlib.sha256(text).hexdigest()[:12]}.js"
            self.files[self.names[tag]] = text

    def tag(self, request: Request) -> Markup:
        """Return the element for the head of a page."""
        speaker = SPEAKER.get()
        name = self.names[speaker.language.tag if speaker else next(iter(self.names))]
        return element("script", src=f"{request.root_path}{self.prefix}/{name}")

    async def send(self, file: str) -> Response:
        """Answer with the script of a language. Raises NotFound."""
        if file not in self.files:
            raise NotFound
        return Response(self.files[file], 200, _FOREVER, "text/javascript")


def as_json(messages: Messages) -> bytes:
    """Return texts, forms, and which form each number has: no rule has to be run there."""
    rules = list(dict.fromkeys(choose for _, choose in messages.forms.values()))
    forms = {key: [rules.index(choose), *texts] for key, (texts, choose) in messages.forms.items()}
    tables = [[choose(number) for number in range(SCOPE)] for choose in rules]
    return msgspec.json.encode({"texts": messages.texts, "forms": forms, "rules": tables})
