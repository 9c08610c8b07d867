"""Which read role a repository's builds assume: as many roles as their trust policies need, each with its share of the repositories.

The share follows from the repository's name and the number of roles alone (rendezvous hashing), so that one more role takes 1/N of the
repositories from the others and a repository that comes or goes moves no other.
https://en.wikipedia.org/wiki/Rendezvous_hashing
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from policies.document import Statement, text

Item = TypeVar("Item")


def _weight(number: int, name: str) -> bytes:
    return hashlib.sha256(f"{number}:{name}".encode()).digest()


def _split(names: Sequence[str], roles: int) -> tuple[tuple[str, ...], ...]:
    shares: list[list[str]] = [[] for _ in range(roles)]
    for name in names:
        shares[max(range(roles), key=lambda number: _weight(number, name))].append(name)
    return tuple(map(tuple, shares))


def capacity(trust: Callable[[list[Item]], list[Statement]], kinds: Iterable[Item], limit: int) -> int | None:
    """How many repositories a trust policy of `limit` characters holds, None for as many as you like.

    `kinds` has a repository of each kind that there may be, with the longest id: each takes as much room as the next of its kind. (Two of
    each are there before the measured one, because one value is written without a list's brackets.)
    """
    listed = [one for one in kinds for _ in range(2)]
    size = len(text(trust(listed)))
    more = max(len(text(trust([*listed, one]))) - size for one in listed)
    return len(listed) + (limit - size) // more if more else None


def shares(names: Sequence[str], most: int | None) -> tuple[tuple[str, ...], ...]:
    """Shares of at most `most` names each (None: no limit), in the order of `names`; as few as that takes, and one if there are no names.

    Raises ValueError for less than one name a share.
    """
    if most is None or len(names) <= most:
        return (tuple(names),)
    if most < 1:
        raise ValueError(f"got {most} repositories a role; expected at least 1")
    roles = -(-len(names) // most)
    while max(map(len, found := _split(names, roles))) > most:
        roles += 1
    return found
