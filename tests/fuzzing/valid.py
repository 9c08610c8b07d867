"""Stacks that are valid by construction: what is written here follows the reference and must be accepted."""

from random import Random
from typing import Any

from tests.fuzzing.inputs import Tree

ACCOUNT, OTHERS = "111122223333", ("444455556666", "555566667777", "012345678901")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_PLAIN = _LETTERS + "0123456789"
_PATTERNS_MAX = 3
# Mostly few, which is quick.
_TEAMS, _REPOSITORIES = (1, 1, 1, 2, 2, 5), (0, 0, 1, 1, 2, 3)


def _word(random: Random, least: int = 2, most: int = 10, letters: str = _PLAIN) -> str:
    return random.choice(_LETTERS) + "".join(random.choice(letters) for _ in range(random.randint(least, most) - 1))


def _some(random: Random, values: list[Any], least: int = 0) -> list[Any]:
    return random.sample(values, random.randint(min(least, len(values)), len(values)))


def _maybe(random: Random, data: dict[str, Any], key: str, value: Any, chance: float = 0.5) -> None:
    if random.random() < chance:
        data[key] = value


def _role(random: Random) -> str:
    path = random.choice(["", "", "service-role/", "ci/build/"])
    return path + _word(random, 1, random.choice([8, 64]), _PLAIN + "._+=,@-")


def _unlike(random: Random, count: int, make: Any) -> list[str]:
    """That many values of which no two are the same but for case."""
    found: dict[str, str] = {}
    for _ in range(count * 4):
        value = make(random)
        found.setdefault(value.casefold(), value)
    return list(found.values())[:count]


def _team_name(random: Random) -> str:
    length = random.choice([3, 12, 12, 40, 100])
    name = random.choice(_PLAIN + _LETTERS.upper()) + "".join(random.choice(_PLAIN + "._-") for _ in range(length - 1))
    # Long names of random letters and digits look like a credential, which no variable may hold.
    return name if length < 30 else ("-".join(["team"] * 25))[: length - 2] + _word(random, 2, 2)


def _repository_name(random: Random) -> str:
    return "".join(random.choice(_PLAIN + "._-ABC") for _ in range(random.choice([1, 8, 8, 20, 60]))).removesuffix(".git").strip(".") or "x"


def _branch(random: Random, managers: bool) -> str:
    literal = "/".join(_word(random, 1, 8, _PLAIN + "_-") for _ in range(random.choice([1, 1, 2])))
    return f"{literal}/*" if managers and random.random() < 0.4 else random.choice(["main", literal, "1.x", "release/2.0"])


def _owned(random: Random, number: int) -> dict[str, list[str]]:
    """Names that start with the team's number, so that no other team's are the same."""
    own = f"own-{number}{_word(random, 1, 6, _LETTERS)}"
    names = {
        "npm": [f"@{own}/*", f"@{own}-x/{_word(random)}", f"{own}-*", f"{own}"],
        "pypi": [f"{own}-*", own, f"{own}-x-{_word(random)}"],
        "maven": [f"com.own.{own}:*", f"com.own.{own}.part:{_word(random)}", f"com.own:{own}-{_word(random)}_1.x"],
    }
    return {format: _some(random, every, 1)[:3] for format, every in names.items() if random.random() < 0.6}


def _repository(random: Random, formats: list[str], managers: bool) -> dict[str, Any]:
    made: dict[str, Any] = {}
    _maybe(random, made, "required_checks", _some(random, ["test", "build / linux", "Prüfung ✓", "lint (3.11)"]))
    _maybe(random, made, "approvals", random.randint(1, 10))
    if not formats or random.random() < 0.4:
        if random.random() < 0.3:
            made["approvals"] = random.randint(0, 10)
        return made
    made["publishes"] = _some(random, formats, 1)
    made["release_branches"] = _unlike(random, random.randint(1, _PATTERNS_MAX), lambda random: _branch(random, managers))
    _maybe(random, made, "environment", random.choice(["packages", "Release.1", "a", "x" * 60]))
    _maybe(random, made, "promotes", {"reviewers": _some(random, ["leads", "a_b-c", "x" * 100], 1)}, 0.3)
    return made


def _team(random: Random, number: int, name: str, opened: list[str], shared: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"team": name}
    owns = _owned(random, number) if random.random() < 0.8 else {}
    _maybe(random, made, "release_managers", _some(random, ["leads", "release_crew", "0"], 1))
    if owns:
        made["owns"] = owns
        if random.random() < 0.25:
            made["readers"] = "team"
        elif opened:
            _maybe(random, made, "upstreams", _some(random, opened)[:9])
        if shared:
            _maybe(random, made, "publishers", [{"account": OTHERS[0], "role": "ci-*"}, {"account": OTHERS[1], "role": "deploy"}], 0.3)
    return made


def _reading(random: Random, team: dict[str, Any], config: dict[str, Any]) -> None:
    """Who reads what is a team's alone; the stack has to know them."""
    if team.get("readers") == "team":
        if config.get("package-flow:developers"):
            _maybe(random, team, "developer_groups", ["Research", "Größe 1"][: random.randint(1, 2)])
        roles = config.get("package-flow:builds", {}).get("roles", [])
        if roles:
            _maybe(random, team, "build_roles", _some(random, roles, 1))


def _config(random: Random, shared: bool) -> dict[str, Any]:
    config: dict[str, Any] = {
        "aws:region": random.choice(["eu-west-1", "eu-south-1", "ap-southeast-2", "us-east-1"]),
        "github:owner": random.choice(["acme", "Acme-Corp", "a", "a" * 39]),
        "package-flow:domain": {"name": random.choice(["acme", "ab", "a" * 50, "a-1"])},
        "package-flow:catalog": random.choice(["catalog", "catalog/", "./catalog"]),
        "package-flow:namespaces": {"npm": ["@own-*/*", "own-*"], "pypi": ["own-*"], "maven": ["com.own", "com.own.*"]},
    }
    _maybe(random, config, "aws:allowedAccountIds", [ACCOUNT], 0.8)
    _maybe(random, config, "aws:defaultTags", {"tags": {"owner": "platform"}}, 0.2)
    _maybe(random, config["package-flow:domain"], "encryption", random.choice(["customer", "aws"]))
    _maybe(random, config["package-flow:domain"], "protect", True)
    _maybe(random, config, "package-flow:publicSources", _some(random, ["npmjs", "pypi", "maven-central", "crates-io", "nuget-org"]))
    _maybe(random, config, "package-flow:tokenDuration", random.choice([900, 3600, 43_200]))
    _maybe(random, config, "package-flow:githubOidcProvider", random.choice(["create", "existing"]))
    _maybe(random, config, "package-flow:readRole", random.choice(["organization", "catalog"]))
    _maybe(random, config, "package-flow:subjects", random.choice(["both", "immutable"]))
    _maybe(random, config, "package-flow:iam", {"path": random.choice(["/", "/a/b/", "/package-flow/"])}, 0.3)
    workflow = random.choice(["any", "acme/flow/.github/workflows/p.yml@refs/tags/v1", f"a/b/.github/workflows/c.yaml@{'0a' * 20}"])
    _maybe(random, config, "package-flow:publishing", {"workflow": workflow}, 0.4)
    _maybe(random, config, "package-flow:builds", {"roles": _unlike(random, random.randint(0, 3), _role)})
    if shared:
        config["package-flow:sharing"] = {"accounts": list(OTHERS[: random.randint(2, 3)])}
        _maybe(random, config["package-flow:sharing"], "organizationId", "o-a1b2c3d4e5")
        _maybe(random, config["package-flow:sharing"], "downstream", ["shared"], 0.3)
    _people(random, config)
    return config


def _people(random: Random, config: dict[str, Any]) -> None:
    developers: dict[str, Any] = {"groups": ["Engineering", "Größe ✓", "a::b"][: random.randint(1, 3)]}
    if random.random() < 0.3:
        developers["mode"] = "policy"
    else:
        _maybe(random, developers, "region", "us-east-1")
        _maybe(random, developers, "roleArn", f"arn:aws:iam::{OTHERS[0]}:role/sets", 0.3)
    _maybe(random, developers, "sessionDuration", random.choice([3600, 43_200, 3661]))
    _maybe(random, config, "package-flow:developers", developers)
    if "package-flow:developers" in config or random.random() < 0.3:
        sandbox = {"name": "acme-sandbox", "roles": ["engineers/*", "x"]}
        _maybe(random, config, "package-flow:sandbox", sandbox, 0.3)


def _events(random: Random, config: dict[str, Any], opened: list[str]) -> None:
    told: dict[str, Any] = {}
    _maybe(random, told, "email", ["platform@acme.example", "a.b+c@d-e.example"])
    _maybe(random, told, "https", ["https://hooks.acme.example/a?b=c"])
    _maybe(random, told, "sqs", ["arn:aws:sqs:eu-west-1:111122223333:announcements"])
    _maybe(random, told, "slack", {"workspace": "T07EA123LEP", "channel": "C07EZ1ABC23"}, 0.3)
    _maybe(random, told, "pipelines", ["release", "a.b@c-d_e", "x" * 100, "four"][: random.randint(1, 4)], 0.3)
    if told:
        _maybe(random, told, "states", ["Published", "Disposed"])
        _maybe(random, told, "packages", random.choice(["owned", "all"]))
        _maybe(random, told, "repositories", ["shared", *opened[:3]], 0.4)
        config["package-flow:events"] = told


def stack(random: Random) -> Tree:
    """A stack with one to six teams."""
    shared = random.random() < 0.5
    config = _config(random, shared)
    names = _unlike(random, random.choice(_TEAMS), _team_name)
    repositories = iter(_unlike(random, 30, _repository_name))
    teams: dict[str, Any] = {}
    opened: list[str] = []
    for number, name in enumerate(names):
        team = teams[name] = _team(random, number, name, list(opened), shared)
        _reading(random, team, config)
        formats, managers = list(team.get("owns", {})), bool(team.get("release_managers"))
        chosen = [next(repositories) for _ in range(random.choice(_REPOSITORIES))]
        _maybe(random, team, "repositories", {one: _repository(random, formats, managers) for one in chosen}, 0.9)
        if team.get("owns") and team.get("readers") != "team":
            opened.append(name)
    if random.random() < 0.4:
        _events(random, config, opened)
    name = random.choice(["dev", "prod", "test", "eu_1", "a", "Stage-2", "x" * 40])
    return Tree(name, config, teams)
