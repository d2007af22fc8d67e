"""Files of the disk: as responses, and whole folders of them as static files.

    app = App(extensions=[StaticFiles()])                  # the folder `static`, below /static/

    app = App(extensions=[MediaFiles()])                   # what visitors upload, by signed URLs

    return FileResponse(name, root="uploads")

`paths.py` opens what is named from outside, beneath a folder and nowhere else. Names load when they
are first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gambrel.files.extension import STATIC_FOLDERS, FrontEnd, StaticFiles
    from gambrel.files.media.extension import MediaFiles
    from gambrel.files.media.images import Image, ImageRules, NotAnImage, render_image
    from gambrel.files.media.local import LocalStorage
    from gambrel.files.media.memory import MemoryStorage
    from gambrel.files.media.storage import Storage, StorageFull, Stored, StoredImage
    from gambrel.files.media.urls import Media
    from gambrel.files.response import FileResponse, Offload
    from gambrel.files.static.folders import StaticFolder
    from gambrel.files.static.urls import Static

__all__ = [
    "STATIC_FOLDERS",
    "FileResponse",
    "FrontEnd",
    "Image",
    "ImageRules",
    "LocalStorage",
    "Media",
    "MediaFiles",
    "MemoryStorage",
    "NotAnImage",
    "Offload",
    "Static",
    "StaticFiles",
    "StaticFolder",
    "Storage",
    "StorageFull",
    "Stored",
    "StoredImage",
    "render_image",
]

_HOMES = {
    "FileResponse": "files.response",
    "FrontEnd": "files.extension",
    "Image": "files.media.images",
    "ImageRules": "files.media.images",
    "LocalStorage": "files.media.local",
    "Media": "files.media.urls",
    "MediaFiles": "files.media.extension",
    "MemoryStorage": "files.media.memory",
    "NotAnImage": "files.media.images",
    "Offload": "files.response",
    "STATIC_FOLDERS": "files.extension",
    "Static": "files.static.urls",
    "StaticFiles": "files.extension",
    "StaticFolder": "files.static.folders",
    "Storage": "files.media.storage",
    "StorageFull": "files.media.storage",
    "Stored": "files.media.storage",
    "StoredImage": "files.media.storage",
    "render_image": "files.media.images",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"gambrel.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
