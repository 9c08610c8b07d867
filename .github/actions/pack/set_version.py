"""Set `version` in a pyproject.toml, in place. usage: set_version.py FILE VERSION

It stands in the table [project], or, where that has none, in [tool.poetry]. A project that declares its version as dynamic otherwise is
left as it is. Anything else without a version is an error.
"""

import re
import sys
import tomllib
from pathlib import Path
from typing import Any


def _version(text: str, table: str) -> Any:
    found: Any = tomllib.loads(text)
    for name in table.split("."):
        found = found.get(name, {})
    return found.get("version")


def set_version(text: str, version: str) -> str:
    """The file's text with this version. Raises ValueError if there is no version to replace."""
    table = next((one for one in ("project", "tool.poetry") if _version(text, one) is not None), None)
    if table is None:
        if "version" in tomllib.loads(text).get("project", {}).get("dynamic", []):
            return text
        raise ValueError("neither [project] nor [tool.poetry] has a version, and [project] does not declare it dynamic")
    changed = re.sub(
        rf"(?ms)^(\[{re.escape(table)}\]\s*$(?:(?!^\[).)*?^version\s*=\s*)([\"'])(?!\2)[^\"'\n]+\2",
        lambda match: f'{match[1]}"{version}"',
        text,
        count=1,
    )
    if _version(changed, table) != version:
        raise ValueError(f'the version in [{table}] is not written as version = "..."')
    return changed


def main() -> int:
    file, version = Path(sys.argv[1]), sys.argv[2]
    try:
        file.write_text(set_version(file.read_text(encoding="utf-8"), version), encoding="utf-8")
    except (ValueError, OSError) as problem:
        print(f"::error title=Pack::{file}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
