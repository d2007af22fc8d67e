"""How long lines are in a project, as its formatter has it."""

import tomllib
from pathlib import Path

__all__ = ["width_of"]


def width_of(folder: Path) -> int:
    """Return how long lines are in the project around a folder, by its `pyproject.toml`."""
    for place in folder.absolute().parents:
        file = place / "pyproject.toml"
        if file.is_file():
            tools = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
            found = tools.get("ruff", {}).get("line-length")
            return int(found or tools.get("black", {}).get("line-length") or 88)
    return 88
