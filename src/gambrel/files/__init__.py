"""Files of the disk as responses: with validators, conditions and ranges.

    return FileResponse(name, root="uploads")

`paths.py` opens what is named from outside, beneath a folder and nowhere else.
"""

from gambrel.files.response import FileResponse, Offload

__all__ = ["FileResponse", "Offload"]
