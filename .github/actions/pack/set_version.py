"""Set `version` of the table [project] in a pyproject.toml, in place. usage: set_version.py FILE VERSION

A project that declares its version as dynamic is left as it is. Anything else without a version is an error.
"""

import re
import sys
import tomllib
from pathlib import Path


def set_version(text: str, version: str) -> str:
    """The file's text with this version. Raises ValueError if there is no version to replace."""
    project = tomllib.loads(text).get("project", {})
    if "version" in project.get("dynamic", []):
        return text
    if "version" not in project:
        raise ValueError("[project] has neither a version nor declares it dynamic")
    changed = re.sub(
        r"(?ms)^(\[project\]\s*$(?:(?!^\[).)*?^version\s*=\s*)([\"'])(?!\2)[^\"'\n]+\2",
        lambda match: f'{match[1]}"{version}"',
        text,
        count=1,
    )
    if tomllib.loads(changed).get("project", {}).get("version") != version:
        raise ValueError('the version in [project] is not written as version = "..."')
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
