"""What looks like a credential, by a variable's name and value. Settings take from here what their messages must not show."""

import math
import re
from collections import Counter

from .model import UNKNOWN

_NAME = re.compile(r"(^|_)(TOKEN|SECRET|PASSWORD|PASSWD|PWD|PASSPHRASE|CREDENTIALS?|PRIVATE_KEY|API_?KEY|ACCESS_KEY|AUTH)($|_)")
FORM = re.compile(
    # AWS access keys, whose ids are in base 32. No capital in front (SLOVAKIA); behind ASIA, as names begin too, exactly 16 with a digit.
    r"(?<![A-Z])(?:AKIA[A-Z0-9]{16}|ASIA(?=[A-Z]*[2-7])[A-Z2-7]{16}(?![A-Z0-9]))"
    r"|gh[opsur]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{20,}"  # GitHub
    r"|npm_[A-Za-z0-9]{30,}|pypi-AgE[A-Za-z0-9_-]{30,}"  # package registries; a PyPI token is a macaroon, which begins so
    r"|pul-[0-9a-f]{40}|xox[abeprs]-[A-Za-z0-9-]{10,}"  # Pulumi, Slack
    r"|-----BEGIN [A-Z ]*PRIVATE KEY|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\."  # keys, JSON Web Tokens
    r"|://[^/\s:@]+:[^/\s@]+@"  # a URL with a password
)
_LONG = re.compile(r"[A-Za-z0-9+/=_-]{32,}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# How the parts of a name are written: letters, also with a number before or behind (3d, v2, oauth2), between them (b2b, i18n), or a year.
_PART = re.compile(
    r"(?P<word>[A-Z]?[a-z]{3,20})|[A-Z]?[a-z]{1,2}|[A-Z]{1,20}|[0-9]{1,4}"
    r"|(?:[A-Z]?[a-z]{1,20}|[A-Z]{1,20})[0-9]{1,4}|[0-9]{1,2}[a-z]{1,20}|[a-z]{1,2}[0-9]{1,2}[a-z]{1,2}"
)
_BETWEEN_PARTS = re.compile(r"[-_]|(?<=[a-z0-9])(?=[A-Z])")
# Numbers and words that switch something: what a setting such as TOKEN_DURATION has.
_SETTING = re.compile(r"[0-9]{1,12}|true|false|", re.IGNORECASE)
# Bits a character. Words and paths have less than 4; random text of 32 characters has more.
_RANDOM = 4.0


def _entropy(text: str) -> float:
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())


def _is_a_name(value: str) -> bool:
    """Whether it is words: each part is written as names are, and most parts are words of three letters and more. A random part is none."""
    parts = [_PART.fullmatch(one) for one in _BETWEEN_PARTS.split(value)]
    words = sum(1 for one in parts if one and one["word"])
    return all(parts) and 2 * words > len(parts)


def _looks_random(value: str) -> bool:
    mixed = any(one.isdigit() for one in value) and any(one.isalpha() for one in value)
    known = _UUID.fullmatch(value) or not _LONG.fullmatch(value) or _is_a_name(value)
    return mixed and not known and _entropy(value) > _RANDOM


def looks_like_credential(name: str, value: str) -> str | None:
    """Why a variable looks like a credential; None if it does not."""
    if value == UNKNOWN or _SETTING.fullmatch(value):
        return None
    if FORM.search(value):
        return "its value has the form of a credential"
    if _NAME.search(name.upper()):
        return "its name says so"
    return "its value looks random" if _looks_random(value) else None
