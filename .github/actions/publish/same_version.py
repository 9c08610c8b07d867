"""Print a version of standard input (one a line) that is this one in another spelling (PEP 440). usage: same_version.py VERSION"""

import sys

from packaging.version import InvalidVersion, Version


def same(one: str, other: str) -> bool:
    """Whether pip takes the two for one version, and they are spelled differently."""
    try:
        return one != other and Version(one) == Version(other)
    except InvalidVersion:
        return False


if __name__ == "__main__":
    print(next((one for one in sys.stdin.read().split() if same(one, sys.argv[1])), ""))
