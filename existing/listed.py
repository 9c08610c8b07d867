"""Repositories and teams from an organisation's lists: a page has 100 of them, where each costs a request alone."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

PER_PAGE = 100
_LAST = re.compile(r'[?&]page=([0-9]{1,9})\b[^>]*>;\s*rel="last"')


@dataclass(frozen=True)
class Page:
    """Entries of a list, and the number of its last page."""

    entries: tuple[Mapping[str, Any], ...] = ()
    last: int = 0


# A page by its number. An empty one if there is no such list, or if this credential may not see it.
Ask = Callable[[int], Page]


def look(names: Collection[str], key: str, ask: Ask) -> dict[str, Mapping[str, Any]]:
    """The entries that have exactly these names under `key`, as far as pages are cheaper than a look-up of each name.

    A name that is not in the answer is to be looked up alone: that says whether it is absent, not visible, or led elsewhere by a rename,
    which a list does not. Entries that move to a page that was read already while others are read end there, too.
    """
    missing, found = set(names), {}
    number, last = 1, 1
    while last - number + 1 < len(missing) and number <= last:
        page = ask(number)
        there = {one[key]: one for one in page.entries if isinstance(one.get(key), str) and one[key] in missing}
        found |= there
        missing -= set(there)
        number, last = number + 1, page.last
    return found


def page(number: int, entries: Any, headers: str | None) -> Page:
    """A page from an answer of GitHub's REST API: its body, parsed, and its headers as the provider has them, JSON of lists.

    Only where there is more than one page do headers say which is the last.
    https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
    """
    listed = tuple(one for one in entries if isinstance(one, Mapping)) if isinstance(entries, list) else ()
    last = _LAST.search(_link(headers))
    return Page(listed, int(last[1]) if last else number)


def _link(headers: str | None) -> str:
    try:
        found = json.loads(headers or "{}")
    except ValueError:
        return ""
    values = found.get("Link") if isinstance(found, Mapping) else None
    return ", ".join(map(str, values)) if isinstance(values, list) else ""
