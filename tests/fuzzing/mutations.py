"""Changes of inputs: of the data before it is written, of the text, and of the files."""

import copy
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import Random
from typing import Any

import yaml

from settings.provider_keys import CREDENTIAL_KEYS, PROVIDER_KEYS
from settings.shapes import NOT_YET, PublisherShape, RepositoryShape, StackShape, TeamShape, keys_of
from tests.fuzzing.cloud import ERROR
from tests.fuzzing.inputs import CATALOG, PROJECT_FILE, RAW, Answer, Input, Odd, Tree
from tests.fuzzing.oracle import CREDENTIAL
from tests.settings.builders import ABSENT, CONFIG, PROJECT, ROOT, good
from tests.settings.test_settings_bad import STACK_VALUES, TEAM_VALUES

Place = tuple[Any, ...]

# --- what the shipped stacks and the tests call good or bad -----------------------------------------------------------------------------


def shipped(stack: str) -> Tree:
    """A stack of this repository."""
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    folder = ROOT / config["package-flow:catalog"]
    config["package-flow:catalog"] = CATALOG
    return Tree(stack, config, {path.stem: yaml.safe_load(path.read_text()) for path in sorted(folder.glob("*.yaml"))})


def small() -> Tree:
    """The stack that the tests of the settings vary."""
    made = good()
    return Tree("test", made.pop(CONFIG), made)


def minimal() -> Tree:
    """One team with one repository that publishes and one that installs: the quickest to register."""
    made = good()
    team = made["payments"]
    del team["upstreams"], team["owns"]["pypi"], team["repositories"]["payments-api"]["promotes"]
    team["repositories"]["payments-api"] |= {"publishes": ["npm"], "release_branches": ["release/*"], "environment": ""}
    return Tree("test", made[CONFIG], {"payments": team})


_CASES = [case for case in (*STACK_VALUES, *TEAM_VALUES) if ABSENT not in (case.bad, case.good)]
# Characters that AWS and GitHub allow, around which a length may be wrong.
_LIMITS = (1, 20, 32, 39, 50, 64, 80, 100, 128, 214, 256, 512, 520, 1024)
_LENGTHS = (*(limit + more for limit in _LIMITS for more in (-1, 0, 1)), 2048, 9000)
_CHARACTERS = "\u200b\u202e\u2028\x00\n\r\t\x1b\x85\u00a0\u3000\u0430\uff41\U0001f600\ud800\ufeff\u0301*?$"
_WORDS = (
    "", " ", "/", "<script>", '\'"', "\\", "*", "**", "?", "~ALL", "~DEFAULT_BRANCH", "..", ".", "/", "//", "-", "--", "null", "no", "on",
    "yes", "True", "0", "1e3", "0o17", "shared", "npmjs", "promote", "any", "main", "release/*", "release/**", "*/main", "a/../b",
    "refs/heads/main", "-x", "x.lock", "a//b", "${aws:username}", "${aws:PrincipalTag/team}", "%s%n", "{0}", "{allowed}", "$(id)", "`id`",
    "[x]", "a:b", "a::b", "../../../etc/passwd", "/etc", "/dev/zero", "~", "catalog/../catalog", "team", "organization", "111122223333",
    "o-a1b2c3d4e5", "eu-west-1", "arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::111122223333:role/*", "@acme/*", "acme-*",
    "com.acme:*", "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6q7", CREDENTIAL, f"ghp_{'a1' * 18}", "npm_" + "a1" * 18,
    "pypi-AgEIcHlwaS5vcmc" + "a1" * 30,
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 10**30, 10**400, 3600, 3600.5, 43_200, float("inf"), float("nan"), 111122223333, 12345678901,
    [], {}, [[]], [{}], {"a": {}}, [None], ["x", "x"], [1, 2], {"": ""}, {"x": None}, "a" * 300, b"\xff\x00",
    # what the engine hands over as text, and what only looks like it
    '{"name": "acme"}', '["npmjs"]', "[", "{}", "[]", "null", "NaN", "1e999", "9" * 5000, "true", "3600", "3600.0",
    '{"a": ' * 500 + "1" + "}" * 500, "[" * 900 + "]" * 900, '{"name": "acme", "name": "other"}',
    '{"name": "\\ud800"}', '{"groups": ["\\ud800"]}', '{"groups": ["a\\u0000"]}',
)  # fmt: skip
# YAML that no data has.
_RAW = (
    '!!python/object/apply:os.system ["true"]', "!!python/name:os.system", "!!python/object/new:type [x]", "!!binary aGVsbG8=", "!own x",
    "!!set {a, b}", "!!omap [a: b]", "!!str 12", "!!int x", "!!float x", "!!bool x", "!!timestamp x", "!!null x", "!!int ''", "!!seq x",
    "&a [*a]", "&a {b: *a}", "*unknown", "&a x", "017", "012345678901", "0o17", "0x1F", "0b1", "1_000", "190:20:30",
    "1e999", ".nan", "-.inf",
    "no", "on", "yes", "~", "2020-01-01", "2020-13-45", "2020-01-01T99:99:99Z", "{<<: {name: acme}}", "{<<: x}",
    "{? [a, b] : c}", "{1: a, 2: b}",
    "{no: a}", "{a: 1, a: 2}", "{: }", r'"\uD800"', r'"\0"', r'"\u200B"', "[", "}", '"', "'", "%", "@", "`", "|", ">", "!", "&", "*", "- x",
    "a: b: c", "# comment", "{{}}", "{a}", "[a, , b]", "--- x", "...", "\t", "=", "<<", "9" * 5000, "0" * 400,
    "[" * 60 + "]" * 60, "[" * 3000 + "]" * 3000, "{a: " * 60 + "x" + "}" * 60,
)  # fmt: skip
_LISTED = 1_500
_OWN_KEYS = [f"{PROJECT}:{key}" for key in keys_of(StackShape)]
_KEYS = [
    *_OWN_KEYS, *keys_of(TeamShape), *keys_of(RepositoryShape), *keys_of(PublisherShape), *sorted(NOT_YET),
    "reviewers", "npm", "pypi", "maven",
    "name", "encryption", "protect", "path", "permissionsBoundary", "deployers", "workflow", "groups", "mode", "region", "roleArn", "roles",
    "namespaces",
    "organizationId", "organizationPaths", "accounts", "downstream", "email", "https", "sqs", "slack", "pipelines", "states", "packages",
    "aws:region", "aws:allowedAccountIds", "github:owner", "pulumi:tags", "pulumi:disable-default-providers", "secure",
    "<<", "__class__", "",
]  # fmt: skip


# --- the data -------------------------------------------------------------------------------------------------------------------------


def _places(data: Any, path: Place = ()) -> Iterator[Place]:
    """Every path in the data but the empty one."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from _places(value, (*path, key))


def _at(data: Any, path: Place) -> Any:
    for key in path:
        data = data[key]
    return data


def _renamed(data: Any, path: Place, name: Any) -> None:
    """The key at the end of `path` under another name, where it stood."""
    parent = _at(data, path[:-1])
    if isinstance(parent, dict):
        items = [(name if key == path[-1] else key, value) for key, value in parent.items()]
        parent.clear()
        parent.update(items)


def _typo(random: Random, text: str) -> str:
    """A word that looks like another."""
    if not text:
        return random.choice(_WORDS)
    at = random.randrange(len(text))
    letter = text[at]
    look_alike = {"a": "\u0430", "e": "\u0435", "o": "\u043e", "p": "\u0440", "c": "\u0441", "i": "\u0456", "-": "\u2010", "/": "\u2044"}
    return random.choice(
        [
            text[:at] + text[at + 1 :],
            text[:at] + letter * 2 + text[at + 1 :],
            text[:at] + letter.swapcase() + text[at + 1 :],
            text[:at] + random.choice(_CHARACTERS) + text[at:],
            text[:at] + look_alike.get(letter, unicodedata.normalize("NFD", "é")) + text[at + 1 :],
            text + random.choice(("\n", " ", "*", "/", "-", ".", "/*", "s")),
            random.choice(("*", " ", "-", "@", "/")) + text,
            text.replace("-", "_"),
            text.upper(),
            text[::-1],
        ]
    )


def _long(random: Random, text: str) -> str:
    length = random.choice(_LENGTHS)
    return ((text or "a") * (length // max(1, len(text)) + 1))[:length]


def _value(random: Random, data: Any, old: Any) -> Any:
    """Something else in the place of `old`."""
    places = list(_places(data))
    kind = random.randrange(8)
    if kind == 0:
        return random.choice(_WORDS)
    if kind == 1:
        return copy.deepcopy(random.choice(_VALUES))
    if kind == 2 and places:
        return copy.deepcopy(_at(data, random.choice(places)))
    if kind == 3:
        return _typo(random, str(old)[:400])
    if kind == 4:
        return _long(random, old if isinstance(old, str) else "a")
    if kind == 5:
        return random.choice([str(old)[:400], [old], {"name": old}, {str(old)[:100]: {}}])
    if kind == 6 and isinstance(old, list):
        return random.choice([old * 2, old[::-1], [*old, random.choice(_WORDS)], [f"{one}-{n}" for one in old[:1] for n in range(_LISTED)]])
    return random.choice(_WORDS) if isinstance(old, str) else copy.deepcopy(random.choice(_VALUES))


def _another_value(random: Random, data: Any) -> str:
    place = random.choice(list(_places(data)))
    parent = _at(data, place[:-1])
    parent[place[-1]] = _value(random, data, parent[place[-1]])
    return f"another value at {place}"


def _swap(random: Random, data: Any) -> str:
    one, other = (random.choice(list(_places(data))) for _ in range(2))
    first, second = copy.deepcopy(_at(data, one)), copy.deepcopy(_at(data, other))
    _at(data, one[:-1])[one[-1]] = second
    try:
        _at(data, other[:-1])[other[-1]] = first
    except (KeyError, IndexError, TypeError):  # it was inside the first one
        return f"{other} also at {one}"
    return f"{one} and {other} changed places"


def _delete(random: Random, data: Any) -> str:
    place = random.choice(list(_places(data)))
    del _at(data, place[:-1])[place[-1]]
    return f"without {place}"


def _rename(random: Random, data: Any) -> str:
    place = random.choice([one for one in _places(data) if isinstance(one[-1], str)])
    name = random.choice([_typo(random, place[-1]), random.choice(_KEYS), random.choice(_WORDS), _long(random, place[-1]), 5, None, True])
    _renamed(data, place, name)
    return f"{place} is called {str(name)[:60]!r}"


def _add(random: Random, data: Any) -> str:
    mappings = [(), *(place for place in _places(data) if isinstance(_at(data, place), dict))]
    place, key = random.choice(mappings), random.choice(_KEYS)
    _at(data, place)[key] = _value(random, data, None)
    return f"{key} at {place}"


def _known_case(random: Random, data: Any, of_stack: bool) -> str:
    """A value that the tests of the settings know, in the stack file or in a team's."""
    case = random.choice([one for one in _CASES if (one.at[0] == CONFIG) is of_stack])
    at = data
    for key in case.at[1:-1]:
        at = at.setdefault(key, {})
    at[case.at[-1]] = copy.deepcopy(random.choice([case.bad, case.good]))
    return f"{case.at} of the settings' tests"


def _credential(random: Random, data: Any) -> str:
    data[random.choice(sorted(CREDENTIAL_KEYS))] = CREDENTIAL
    return "a credential"


def _provider_key(random: Random, data: Any) -> str:
    namespace = random.choice(sorted(PROVIDER_KEYS))
    key = random.choice(sorted(PROVIDER_KEYS[namespace]))
    data[f"{namespace}:{key if random.random() < 0.5 else _typo(random, key)}"] = copy.deepcopy(random.choice(_VALUES))
    return f"the provider's key {key}"


_OF_DATA: tuple[Callable[[Random, Any], str], ...] = (*[_another_value] * 3, _swap, _delete, _rename, _rename, _add)


def changed_tree(random: Random, tree: Tree) -> tuple[Tree, tuple[str, ...]]:
    """One to three changes of the stack's configuration and its teams."""
    config, teams, raw, story = copy.deepcopy(tree.config), copy.deepcopy(dict(tree.teams)), list(tree.raw), []
    for _ in range(random.choice([1, 1, 2, 3, 4])):
        name = random.choice([CONFIG, CONFIG, *teams])
        data = config if name == CONFIG else teams[name]
        known = partial(_known_case, of_stack=name == CONFIG)
        kinds = (*_OF_DATA, known, *((_credential, _provider_key) if name == CONFIG else ()))
        try:
            if random.random() < 0.12:
                story.append(f"{name}: {_raw(random, data, raw)}")
            else:
                story.append(f"{name}: {random.choice(kinds)(random, data)}")
        except (KeyError, IndexError, TypeError, AttributeError):  # an earlier change took away what this one needs
            continue
    return Tree(tree.stack, config, teams, tuple(raw)), tuple(story)


def _raw(random: Random, data: Any, raw: list[str]) -> str:
    """YAML that no data has, as a value or as a key."""
    words, mark = random.choice(_RAW), RAW.format(len(raw))
    raw.append(words)
    place = random.choice(list(_places(data)))
    if random.random() < 0.3:
        _renamed(data, place, mark)
    else:
        _at(data, place[:-1])[place[-1]] = mark
    return f"{words[:40]} at {place}"


def stack_name(random: Random, tree: Tree) -> Tree:
    """The same under the name of another stack."""
    name = random.choice(
        ["prod", "production", "v1.2", "a.b", "x" * 45, "x" * 60, "x" * 100, "dev-read", "a-publish-b", "_", "A", "1", "a_b", "x-", "."]
    )
    return Tree(name, tree.config, tree.teams, tree.raw)


# --- text -----------------------------------------------------------------------------------------------------------------------------


def _cut(random: Random, text: bytes) -> bytes:
    return text[: random.randrange(len(text) + 1)]


def _bytes(random: Random, text: bytes) -> bytes:
    changed = bytearray(text)
    for _ in range(random.randint(1, 6)):
        if changed:
            changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def _inserted(random: Random, text: bytes) -> bytes:
    at = random.randrange(len(text) + 1)
    words = random.choice(
        [*(one.encode() for one in _RAW), b"\x00", b"\xff\xfe", b"\t", b"\r", b"\n---\n", b"\n...\n", b"%YAML 9.9\n", b"\xc2\x85"]
    )
    return text[:at] + words + text[at:]


def _lines(random: Random, text: bytes) -> bytes:
    lines = text.split(b"\n")
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    kind = random.randrange(4)
    if kind == 0:
        lines[one], lines[other] = lines[other], lines[one]
    elif kind == 1:
        lines.insert(other, lines[one])
    elif kind == 2:
        del lines[one]
    else:
        lines[one] = random.choice([b"  ", b"\t", b" "]) + lines[one]
    return b"\n".join(lines)


_OF_TEXT: tuple[tuple[str, Callable[[Random, bytes], bytes]], ...] = (
    ("cut", _cut),
    ("other bytes", _bytes),
    ("something inside", _inserted),
    ("lines moved", _lines),
    ("a byte order mark", lambda random, text: b"\xef\xbb\xbf" + text),
    ("UTF-16", lambda random, text: text.decode(errors="replace").encode("utf-16")),
    ("latin-1", lambda random, text: text + "# Größe\n".encode("latin-1")),
    ("CRLF", lambda random, text: text.replace(b"\n", b"\r\n")),
    ("CR", lambda random, text: text.replace(b"\n", b"\r")),
    ("tabs", lambda random, text: text.replace(b"  ", b"\t")),
    ("nothing", lambda random, text: b""),
    ("a comment", lambda random, text: b"# nothing here\n"),
    ("two documents", lambda random, text: text + b"---\n" + text),
    ("twice", lambda random, text: text + text),
    ("noise", lambda random, text: random.randbytes(random.choice([1, 30, 3000]))),
    ("deep", lambda random, text: b"[" * 20_000),
    ("wide", lambda random, text: text + b"\nrepositories: {" + b", ".join(b"r%d: {}" % n for n in range(_LISTED // 10)) + b"}\n"),
    ("long lists", lambda random, text: text + b"\nupstreams: [" + b", ".join(b"t%d" % n for n in range(4 * _LISTED)) + b"]\n"),
    ("unknown keys", lambda random, text: text + b"".join(b"\nkey%d: x" % n for n in range(_LISTED))),
    ("laughs", lambda random, text: b"a: &a [x, x]\n" + b"".join(b"%c: &%c [*%c, *%c, *%c]\n" % (n, n, n - 1, n - 1,
    n - 1) for n in range(98, 120))),
)  # fmt: skip


def changed_text(random: Random, made: Input) -> Input:
    """One file's text changed."""
    name = random.choice(
        [one for one, content in made.files.items() if isinstance(content, bytes) and one != PROJECT_FILE] or [PROJECT_FILE]
    )
    if random.random() < 0.05:
        name = PROJECT_FILE
    content = made.files[name]
    assert isinstance(content, bytes)
    what, change = random.choice(_OF_TEXT)
    return made.told(f"{name}: {what}", files={**made.files, name: change(random, content)})


# --- files ----------------------------------------------------------------------------------------------------------------------------

_ODD: tuple[Odd, ...] = ("folder", "loop", "dangling", "pipe", "endless", "unreadable")
_NAMES = ("x.yml", "X.YAML", ".hidden.yaml", "README.md", "payments copy.yaml", "a\nb.yaml", "ü.yaml", "..yaml",
    "shared.yaml", "npmjs.yaml",
          "\u202egpj.yaml", "PAYMENTS.yaml", "x" * 200 + ".yaml", "-.yaml", "a b.yaml", "\udcff.yaml", "sub/x.yaml")  # fmt: skip


def changed_files(random: Random, made: Input) -> Input:
    """A file gone, in another's place, or something that is no file."""
    teams = [name for name in made.files if name.startswith(f"{CATALOG}/")]
    kind = random.randrange(6)
    if kind == 0:
        return made.told("no catalog", files={name: content for name, content in made.files.items() if name not in teams})
    if kind == 1 or not teams:
        name, odd = random.choice([*made.files]), random.choice(_ODD)
        return made.told(f"{name}: {odd}", files={**made.files, name: odd})
    if kind == 2:
        name, odd = random.choice(_NAMES), random.choice(_ODD)
        return made.told(f"{name!a}: {odd}", files={**made.files, f"{CATALOG}/{name}": odd})
    one = random.choice(teams)
    if kind == 3:
        name = random.choice(_NAMES)
        return made.told(f"{one} also as {name!a}", files={**made.files, f"{CATALOG}/{name}": made.files[one]})
    if kind == 4:
        return made.told(f"without {one}", files={name: content for name, content in made.files.items() if name != one})
    other = random.choice(teams)
    return made.told(f"{one} and {other} changed places", files={**made.files, one: made.files[other], other: made.files[one]})


# --- answers --------------------------------------------------------------------------------------------------------------------------

_TEXTS: tuple[Any, ...] = (
    None, "", " ", "*", "acme", "ACME", "a\nb", "\x1b[31m", "\u202e", "x" * 5000, "main", "refs/heads/main", "~ALL", "none",
)  # fmt: skip
# Of the type that the provider's schema says: the SDK itself refuses others.
_IDS: tuple[Any, ...] = (None, "", "0", "-1", "1", "x", "12x", "1.5", "007", " 5 ", "9" * 30, "\u0661", "9001")
_NUMBERS: tuple[Any, ...] = (None, 0, -1, 1, 2**53, 9001)
_ERRORS = (
    "invocation of x returned an error: GET https://api.github.com/repos/acme/x: 403 Resource not accessible by integration []",
    "500 Internal Server Error\n<html>\n<body>oops</body>\n</html>", "dial tcp: lookup api.github.com: no such host",
    "", "\x00", "404 Not Found",
    "Traceback (most recent call last):", "AccessDenied: User is not authorized", "x" * 20_000,
    "context deadline exceeded", "401 Bad credentials",
)  # fmt: skip
_ANSWERS: tuple[tuple[str, str, Sequence[Any]], ...] = (
    ("getCallerIdentity", "accountId", (*_TEXTS, "111122223333", "999999999999", "12345")),
    ("getCallerIdentity", "arn", (*_TEXTS, "arn:aws:iam::111122223333:root", "arn:aws:sts::111122223333:assumed-role/a/b", "arn", "a:b")),
    ("getPartition", "partition", (*_TEXTS, "aws-cn", "aws-us-gov")),
    ("getOpenIdConnectProvider", "clientIdLists", (None, [], ["x"], ["sts.amazonaws.com", "x"], [None], ["a\nb"], ["x" * 5000])),
    ("getRole", "arn", (*_TEXTS, "arn:aws:iam::111122223333:role/other/x", "arn:aws:iam::111122223333:user/x")),
    ("getInstances", "arns", (None, [], [""], ["arn:aws:sso:::instance/ssoins-0123456789abcdef"], ["a", "b"])),
    ("getInstances", "identityStoreIds", (None, [], [""], ["d-0123456789", "d-1"])),
    ("getGroup", "groupId", (*_TEXTS, "x", "a1b2c3d4-0000-0000-0000-000000000000")),
    ("getOrganization", "login", _TEXTS),
    ("getOrganization", "id", _IDS),
    ("getOrganization", "plan", (*_TEXTS, "free", "team", "enterprise", "business", "Free")),
    ("getRepository", "fullName", (*_TEXTS, "acme/other", "Acme/Payments-API", "other/x", "acme/", "/")),
    ("getRepository", "name", (*_TEXTS, "other")),
    ("getRepository", "repoId", _NUMBERS),
    ("getRepository", "defaultBranch", (*_TEXTS, "master", "feature/ü", "release/1", "a b", "x?", "[x]")),
    ("getRepository", "visibility", (*_TEXTS, "public", "private", "internal", "secret")),
    ("getRepository", "archived", (None, True, False)),
    ("getActionsRepositoryOidcSubjectClaimCustomizationTemplate", "useDefault", (None, True, False)),
    (
        "getActionsVariables",
        "variables",
        (None, [], [{"name": "CODEARTIFACT_DOMAIN"}], [{"name": None}], [{"name": "x" * 5000}],
        [{"name": f"V{n}"} for n in range(2000)], [{}]),
    ),
    ("getTeam", "id", _IDS),
    ("readStackResourceOutputs", "outputs", (None, {}, {"urn": {}}, {"urn": {"type": None}},
     {"urn": {"type": "aws:codeartifact/repository:Repository", "outputs": {"repository": "gone"}}},
     {"urn": {"type": "aws:codeartifact/repository:Repository", "outputs": {"id": "x"}}},
     {"urn": {"type": "github:index/actionsVariable:ActionsVariable", "outputs": {"id": "x"}}},
     {"urn": {"type": "aws:iam/openIdConnectProvider:OpenIdConnectProvider", "outputs": None}})),
)  # fmt: skip


def hostile(random: Random, made: Input) -> Input:
    """One or two answers that are not as they should be."""
    answers = []
    for _ in range(random.choice([1, 1, 2])):
        token, field, values = random.choice(_ANSWERS)
        asked = random.choice([-1, 0, 0, 1, 2])
        if random.random() < 0.15:
            answers.append(Answer(token, ERROR, random.choice(_ERRORS), asked))
        else:
            answers.append(Answer(token, field, random.choice(list(values)), asked))
    return made.told(*(f"{one.token} {one.field or 'error'}: {str(one.value)[:60]!r}" for one in answers), answers=tuple(answers))
