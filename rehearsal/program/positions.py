"""Where in the program something happened: the innermost position that belongs to the project and not to what it installed."""

import traceback
from pathlib import Path
from urllib.parse import unquote, urlparse

INSTALLED = {"site-packages", "dist-packages", "venv", ".venv"}


def of_request(request, directory: Path) -> str:
    """The `file.py:line` (relative to the project) at which a resource was registered; empty if the SDK did not say."""
    frames = [frame.pc for frame in request.stackTrace.frames] or [request.sourcePosition]
    for position in frames:
        found = _in_project(Path(unquote(urlparse(position.uri).path)), position.line, directory)
        if found:
            return found
    return ""


def of_error(error: BaseException, directory: Path) -> str:
    """The innermost `file.py:line` of the project in an exception's traceback; empty if there is none."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        found = _in_project(Path(frame.filename), frame.lineno or 0, directory)
        if found:
            return found
    return ""


def _in_project(path: Path, line: int, directory: Path) -> str:
    if not path.is_relative_to(directory):
        return ""
    relative = path.relative_to(directory)
    return "" if INSTALLED & set(relative.parts) else f"{relative}:{line}"
