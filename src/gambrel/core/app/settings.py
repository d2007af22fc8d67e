"""`CoreSettings`, which every app has, and `Settings`: these and the sections of its extensions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from gambrel.settings import Env, Secret, Sections
from gambrel.settings.sources import CORE

__all__ = ["CoreSettings", "Settings"]

_Bytes = Annotated[int, Meta(ge=0)]
_MIB = 1 << 20


class CoreSettings(Struct, frozen=True, kw_only=True):
    """What an app is told from outside; each value is `GAMBREL_<NAME>` in the environment.

    Sizes are in bytes, times in seconds.
    """

    environment: Annotated[
        str, Meta(description="development, production or a name of yours; gambrel.<name>.toml")
    ] = "development"
    debug: Annotated[bool, Meta(description="error pages with source; on loopback only")] = False
    hosts: Annotated[
        list[str], Meta(description="host names to answer for; *.example.com for all below")
    ] = field(default_factory=list)
    secret_keys: Annotated[
        list[Secret],
        Env("GAMBREL_SECRET_KEY"),
        Meta(description="keys of 32 bytes or more; the first signs, all verify"),
    ] = field(default_factory=list)
    trusted_proxies: Annotated[
        list[str], Meta(description="networks (CIDR), or `unix`, whose word on clients is believed")
    ] = field(default_factory=list)
    proxy_hops: Annotated[int, Meta(ge=1, description="how many proxies stand in front")] = 1
    proxy_header: Annotated[
        Literal["x-forwarded-for", "forwarded"],
        Meta(description="the one header the trusted proxies write"),
    ] = "x-forwarded-for"
    max_body: Annotated[_Bytes, Meta(description="largest request body")] = _MIB
    max_upload: Annotated[_Bytes, Meta(description="the same for routes that take files")] = (
        20 * _MIB
    )
    handler_timeout: Annotated[
        float, Meta(gt=0, description="deadline of a handler; none for streams and sockets")
    ] = 30.0
    shutdown_grace: Annotated[
        int, Meta(ge=0, description="for requests in flight when the server is told to stop")
    ] = 25
    threads: Annotated[int, Meta(ge=1, description="worker threads for def handlers")] = 8
    slashes: Annotated[
        Literal["redirect", "strict", "ignore"],
        Meta(description="a path that differs from its route in the trailing slash"),
    ] = "redirect"
    docs: Annotated[
        bool | None, Meta(description="the documentation page; by default on loopback only")
    ] = None
    instance: Annotated[Path, Meta(description="folder for what the app keeps")] = Path("instance")
    silenced_checks: Annotated[
        list[str], Meta(description="ids of checks whose problems are accepted")
    ] = field(default_factory=list)


class Settings(Sections):
    """The settings of one app: `settings.core`, `settings.<extension>`, or `settings[Type]`."""

    core: CoreSettings

    def __init__(self, root: Path | None = None, environ: Mapping[str, str] | None = None) -> None:
        super().__init__(root, environ)
        self.declare(CORE, CoreSettings)
