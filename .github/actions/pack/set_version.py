"""Set `version` in a pyproject.toml, in place. usage: set_version.py FILE VERSION

It stands in the table [project], or, where that has none, in [tool.poetry]. A project that declares its version as dynamic otherwise is
left as it is. Anything else without a version is an error. tomlkit, which the rest of the file passes through unchanged, is beside build.
"""

import sys
from pathlib import Path

import tomlkit
from tomlkit.exceptions import ParseError


def set_version(text: str, version: str) -> str:
    """The file's text with this version. Raises ValueError if there is no version to replace, or the text is no TOML (ParseError)."""
    document = tomlkit.parse(text)
    tables = (document.get("project", {}), document.get("tool", {}).get("poetry", {}))
    for table in tables:
        if "version" in table:
            table["version"] = version
            return tomlkit.dumps(document)
    if "version" in tables[0].get("dynamic", []):
        return text
    raise ValueError("neither [project] nor [tool.poetry] has a version, and [project] does not declare it dynamic")


def main() -> int:
    file, version = Path(sys.argv[1]), sys.argv[2]
    try:
        file.write_text(set_version(file.read_text(encoding="utf-8"), version), encoding="utf-8")
    except (ValueError, ParseError, OSError) as problem:
        print(f"::error title=Pack::{file}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
