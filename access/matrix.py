"""The matrix: who by what by where, each cell a decision with the statement that decided it.

Two halves that meet in a role. A job of GitHub gets into roles (trust policies); a role, like every other principal, has rights
(identity and resource policies, package groups). Rights are worked out once for all sessions that no policy distinguishes, which is what
makes a thousand repositories a matter of seconds.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from access import actions, principals, tokens
from access.actions import Action, Kind, Scope
from access.decisions import Door, Numbered, Speaker, Statements, Verdict, admit, decide, decide_by, request
from access.principals import Session
from access.provisioned import Document, Domain, Provisioned, Repository, Role
from access.tokens import Attempt
from evaluator import package_groups
from evaluator.arns import Arns
from evaluator.iam import Request, as_list
from evaluator.package_groups import Coordinates, PackageGroup
from policies.arns import GITHUB_OIDC_HOST

# Packages whose names nobody owns.
FOREIGN = {
    "npm": Coordinates("npm", "", "left-pad"),
    "pypi": Coordinates("pypi", "", "requests"),
    "maven": Coordinates("maven", "org.example", "greeting"),
}
NOT_OWNED = "a name that nobody owns"
# Groups of rows that are no repository of the catalog.
OUTSIDE, AWS = "(in no catalog)", "(AWS)"
FROM_ELSEWHERE = "allowed by a resource policy, and taken to be allowed by the account's own"
NOBODY_ALLOWS = "no statement allows it"
SUBJECT = f"{GITHUB_OIDC_HOST}:sub"


@dataclass(frozen=True)
class Column:
    """A place: a domain (repository "") or one of its repositories; `kind` is a repository's, "" of a domain."""

    domain: str
    repository: str = ""
    kind: str = ""

    @property
    def label(self) -> str:
        return self.repository or self.domain


@dataclass(frozen=True)
class Finding:
    """What one statement decides: actions, the names that they were tried on ("" where it is no matter of packages), and why."""

    allowed: bool
    reason: str
    statement: int
    actions: tuple[str, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cell:
    """One kind in one place. `state`: 2 all of it, 1 in part, 0 nothing."""

    state: int
    findings: tuple[Finding, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for one in self.findings if one.allowed for name in one.names))

    @property
    def actions(self) -> tuple[str, ...]:
        return tuple(sorted({action for one in self.findings if one.allowed for action in one.actions}))


Rights = Mapping[tuple[int, Kind], Cell]


@dataclass(frozen=True)
class Entry:
    """How an attempt fares at a role: the statement and the token that get in, or, for each statement, the claims that it does not meet."""

    role: str
    allowed: bool
    statement: int
    token: int
    unmet: tuple[tuple[int, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Row:
    """An attempt from GitHub, or a session at AWS: `group` is the GitHub repository, or "" """

    group: str
    key: str
    label: str
    note: str
    entries: tuple[Entry, ...] = ()
    attempt: Attempt | None = None
    session: Session | None = None

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that it gets into."""
        return tuple(one.role for one in self.entries if one.allowed)

    @property
    def assumed(self) -> bool:
        """Whether its rights are an assumption, and not what this stack gives."""
        return self.session is not None and self.session.assumed


@dataclass(frozen=True)
class Evaluation:
    """A question that was put to the evaluator, whole, and the answer: another evaluator can be asked the same."""

    request: Request
    identity: tuple[Numbered, ...]
    resource: tuple[Numbered, ...]
    owner: str
    allowed: bool


@dataclass(frozen=True)
class Admission:
    """The same of a trust policy: `claims` are the condition keys of a token of `provider`."""

    provider: str
    role: str
    trust: str
    claims: Mapping[str, str]
    allowed: bool


@dataclass
class Matrix:
    """Everything that the page and the Markdown show. `rights` by class, `class_of` by role ARN or by a row's key.

    `thorough`: nothing is decided once for all that is alike, every question is put to the evaluator.
    """

    stack: Provisioned
    columns: list[Column]
    statements: Statements
    rights: list[Rights] = field(default_factory=list)
    members: list[list[str]] = field(default_factory=list)
    class_of: dict[str, int] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    thorough: bool = False
    evaluations: list[Evaluation] = field(default_factory=list)
    admissions: list[Admission] = field(default_factory=list)

    def rights_of(self, row: Row) -> list[tuple[str, Rights]]:
        """What a row may do, by the role that it does it with ("" = as itself)."""
        if row.session:
            return [("", self.rights[self.class_of[row.session.key]])]
        return [(role, self.rights[self.class_of[role]]) for role in row.roles]

    @cached_property
    def cells(self) -> int:
        """How many decisions a reader can ask for."""
        repositories = sum(bool(one.repository) for one in self.columns)
        domains = len(self.columns) - repositories
        return len(self.rows) * (4 * repositories + 3 * domains)


def build(stack: Provisioned, *, thorough: bool = False) -> Matrix:
    """The matrix of a stack. `thorough`: put every single question to the evaluator (slow, for checks)."""
    columns = [
        column
        for domain in stack.domains
        for column in (Column(domain.name), *(Column(domain.name, one.name, one.kind) for one in domain.repositories))
    ]
    matrix = Matrix(stack, columns, Statements(), thorough=thorough)
    _add_rights(matrix)
    _add_rows(matrix)
    return matrix


# --- rows: who gets in ------------------------------------------------------------------------------------------------------------------


def _add_rows(matrix: Matrix) -> None:
    stack, doors = matrix.stack, _Doors(matrix)
    workflows = tokens.trusted_workflows(stack.consumers)
    for consumer in stack.consumers:
        for attempt in tokens.attempts(consumer, workflows):
            matrix.rows.append(_row(consumer.name, attempt, doors.entries(attempt, str(consumer.id))))
    owners = dict.fromkeys((one.owner, one.owner_id) for one in stack.consumers)
    for owner, owner_id in owners:
        for attempt in tokens.outside(owner, owner_id, workflows):
            matrix.rows.append(_row(OUTSIDE, attempt, doors.entries(attempt, "")))
    for session in principals.others(stack):
        matrix.rows.append(Row(AWS, session.key, session.label, session.note, session=session))


def _row(group: str, attempt: Attempt, entries: Iterable[Entry]) -> Row:
    return Row(group, attempt.key, attempt.label, attempt.note, tuple(entries), attempt)


class _Doors:
    """The stack's roles as doors for tokens."""

    def __init__(self, matrix: Matrix) -> None:
        self._provider, self._matrix = matrix.stack.provider_arn, matrix
        self._trust = {role.arn: matrix.statements.number(role.trust) for role in matrix.stack.roles}
        self._doors = {role.arn: self._of(role) for role in matrix.stack.roles}
        self._open: list[str] = []
        self._bound: dict[str, list[str]] = {}
        for role in matrix.stack.roles:
            bound = _bound_to(role.trust)
            for id in bound or ():
                self._bound.setdefault(id, []).append(role.arn)
            if bound is None:
                self._open.append(role.arn)

    def _of(self, role: Role) -> list[tuple[Door, frozenset[str]]]:
        """Its doors, each with the keys of its conditions but the subject's, which is another one for nearly every token."""
        numbered = zip(self._trust[role.arn].numbers, role.trust.statements, strict=True)
        account = self._matrix.stack.account
        doors = [Door(number, one, self._provider, account) for number, one in numbered if one["Effect"] == "Allow"]
        return [(door, door.keys - {SUBJECT}) for door in doors]

    def entries(self, attempt: Attempt, own: str) -> list[Entry]:
        """The attempt at every role that could let it in, and at those bound to the repository `own` (an id)."""
        roles = [*self._bound.get(str(attempt.identity.id), ()), *self._bound.get(own, ()), *self._open]
        if not attempt.tokens:
            return []
        claims = [tokens.condition_keys(attempt.identity, token) for token in attempt.tokens]
        found = [self._entry(role, claims) for role in dict.fromkeys(roles)]
        return [one for one in found if one.allowed or one.unmet]

    def _entry(self, role: str, claims: Sequence[Mapping[str, str]]) -> Entry:
        """The first token that gets in; else the one that comes closest, with what it lacks at each statement."""
        lacks: list[int] = []
        for number, each in enumerate(claims):
            lacks.append(min((len(door.unmet(each, keys)) for door, keys in self._doors[role]), default=0))
            if self._matrix.thorough or not lacks[number]:
                verdict = self._admit(role, each)
                if verdict.allowed:
                    return Entry(role, True, verdict.statement, number)
        closest = lacks.index(min(lacks))
        return Entry(role, False, -1, closest, self._refusals(role, claims[closest]))

    def _admit(self, role: str, claims: Mapping[str, str]) -> Verdict:
        verdict = admit(self._provider, role, self._trust[role], claims)
        self._matrix.admissions.append(Admission(self._provider, role, self._trust[role].text, claims, verdict.allowed))
        return verdict

    def _refusals(self, role: str, claims: Mapping[str, str]) -> tuple[tuple[int, tuple[str, ...]], ...]:
        found = ((door.number, tuple(key.rpartition(":")[2] for key in door.unmet(claims))) for door, _ in self._doors[role])
        return tuple((number, keys) for number, keys in found if keys != ("Principal",))


def _bound_to(trust: Document) -> list[str] | None:
    """The repository ids that a token must have one of, if every Allow of a trust policy requires some; else None."""
    ids: list[str] = []
    for one in trust.statements:
        if one["Effect"] != "Allow":
            continue
        equals = {key.lower(): values for key, values in ((one.get("Condition") or {}).get("StringEquals") or {}).items()}
        asked = equals.get("token.actions.githubusercontent.com:repository_id")
        if not asked or any("${" in str(value) for value in as_list(asked)):
            return None
        ids += as_list(asked)
    return ids


# --- rights -----------------------------------------------------------------------------------------------------------------------------


def _add_rights(matrix: Matrix) -> None:
    sessions = [*principals.of_roles(matrix.stack).items(), *((one.key, one) for one in principals.others(matrix.stack))]
    alike = _Alike(matrix.stack)
    known: dict[tuple, int] = {}
    judge = _Judge(matrix)
    for key, session in sessions:
        found = alike.fingerprint(session)
        if found not in known:
            known[found] = len(matrix.rights)
            matrix.rights.append(judge.rights(session))
            matrix.members.append([])
        matrix.class_of[key] = known[found]
        matrix.members[known[found]].append(key)


class _Alike:
    """Tells which sessions every policy treats alike, so that one of them speaks for all."""

    def __init__(self, stack: Provisioned) -> None:
        self._documents = [
            one for domain in stack.domains for one in (domain.policy, *(each.policy for each in domain.repositories)) if one
        ]
        self._named = {str(value) for document in self._documents for one in document.statements for value in _principals(one)}
        self._conditions = self._about_principals()

    def _about_principals(self) -> list[Document]:
        """Each condition on the caller, as a policy of its own."""
        found = {}
        for document in self._documents:
            for one in document.statements:
                for operator, keys in (one.get("Condition") or {}).items():
                    about = {key: values for key, values in keys.items() if key.lower().startswith(("aws:principal", "aws:user"))}
                    if about:
                        alone = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: about}}
                        found[json.dumps(alone)] = Document("", json.dumps({"Version": "2012-10-17", "Statement": [alone]}))
        return list(found.values())

    def fingerprint(self, session: Session) -> tuple:
        """Equal for two sessions only if every decision is the same for both."""
        texts = tuple(one.text for one in session.identity)
        caller = session.caller
        if any("${" in one.text for one in [*session.identity, *self._documents]) or {caller.arn, caller.role_arn} & self._named:
            return (session.key,)
        asked = request(session, "any:Thing", "*")
        met = tuple(decide(asked, [Numbered(one.text, ())], [], caller.account).allowed for one in self._conditions)
        return (texts, caller.account, tuple(sorted((key, str(value)) for key, value in session.context.items())), met)


def _principals(statement: Mapping) -> Iterator[object]:
    for element in ("Principal", "NotPrincipal"):
        named = statement.get(element)
        if isinstance(named, Mapping):
            for values in named.values():
                yield from as_list(values)


@dataclass(frozen=True)
class _Place:
    """A column with its policies, as documents of numbered statements."""

    number: int
    domain: Domain
    repository: Repository | None
    policies: tuple[Numbered, ...]
    speakers: tuple[Speaker, ...]
    statements: tuple[Mapping, ...]


class _Judge:
    """Asks the evaluator for the rights of one session after the other."""

    def __init__(self, matrix: Matrix) -> None:
        self._matrix, stack = matrix, matrix.stack
        self._arns = Arns(stack.region)
        self.account, self.thorough = stack.account, matrix.thorough
        self._speakers: dict[int, Speaker] = {}
        self._contents: dict[str, int] = {}
        self._spoken: dict[frozenset[str], list[Coordinates]] = {}
        self._names = {one.example: one.text for one in stack.owned} | dict.fromkeys(FOREIGN.values(), NOT_OWNED)
        self._places = list(self._all_places())
        self._group_reasons: dict[tuple, str] = {}
        self._durations = _durations(stack)

    def _all_places(self) -> Iterator[_Place]:
        number = 0
        for domain in self._matrix.stack.domains:
            above = [domain.policy] if domain.policy else []
            for repository in (None, *domain.repositories):
                own = [repository.policy] if repository and repository.policy else []
                documents = [*above, *own]
                numbered = tuple(self._matrix.statements.number(one) for one in documents)
                speakers = tuple(self.speaker(each) for one in numbered for each in one.numbers)
                yield _Place(number, domain, repository, numbered, speakers, tuple(each for one in documents for each in one.statements))
                number += 1

    def rights(self, session: Session) -> Rights:
        """What a session may do in every place."""
        # Sessions of one class share their documents, whatever role has them.
        shared = tuple(Document(one.where.partition(" of role ")[0], one.text) for one in session.identity)
        mine = [(one, self._matrix.statements.number(one)) for one in shared]
        asker = _Asker(session, [numbered for _, numbered in mine], [each for one, _ in mine for each in one.statements], self)
        found: dict[tuple[int, Kind], Cell] = {}
        for place in self._places:
            if place.repository is None:
                found[place.number, Kind.TOKEN] = asker.token(place, self._durations)
                found[place.number, Kind.READ] = asker.cell(place, Scope.DOMAIN, Kind.READ)
                found[place.number, Kind.ADMINISTER] = asker.cell(place, Scope.DOMAIN, Kind.ADMINISTER)
            else:
                for kind in (Kind.READ, Kind.PUBLISH, Kind.ADMINISTER):
                    found[place.number, kind] = asker.cell(place, Scope.REPOSITORY, kind)
        for place in self._places:
            if place.repository is not None:
                readable = [
                    other
                    for other in self._places
                    if other.domain is place.domain
                    and other.repository
                    and other is not place
                    and found[other.number, Kind.READ].state == 2
                ]
                found[place.number, Kind.PROMOTE] = asker.copies(place, readable)
        return found

    # What the asker needs to know of the stack.

    def speaker(self, number: int) -> Speaker:
        """The statement of this number; two that say the same have the same `content`."""
        if number not in self._speakers:
            statement = self._matrix.statements.sources[number].statement
            content = self._contents.setdefault(json.dumps({**statement, "Sid": ""}, sort_keys=True), len(self._contents))
            self._speakers[number] = Speaker(statement, number, content)
        return self._speakers[number]

    def resource(self, action: Action, place: _Place, package: Coordinates | None) -> str:
        """The ARN that an action is decided on."""
        domain, repository = place.domain.name, place.repository.name if place.repository else ""
        match action.resource:
            case "domain":
                return self._arns.domain(self.account, domain)
            case "repository":
                return self._arns.repository(self.account, domain, repository)
            case "package" if package:
                return self._arns.package(self.account, domain, repository, *package)
            case "package-group":
                return self._arns.package_group(self.account, domain, "/*")
        return "*"

    def arns_of(self, place: _Place, packages: Iterable[Coordinates]) -> list[str]:
        """The ARNs of a repository and of packages in it."""
        domain, repository = place.domain.name, place.repository.name if place.repository else ""
        inside = [self._arns.package(self.account, domain, repository, *one) for one in packages]
        return [self._arns.repository(self.account, domain, repository), *inside]

    def candidates(self, place: _Place, statements: Sequence[Mapping]) -> list[Coordinates]:
        """Packages worth trying: names that the repository's team owns, names that a policy speaks about, and names that nobody owns."""
        tried = dict.fromkeys(one.example for one in place.repository.owns) if place.repository else {}
        tried.update(dict.fromkeys(self._spoken_of(statements)))
        tried.update(dict.fromkeys(self._spoken_of(place.statements)))
        return [*tried, *(one for one in FOREIGN.values() if one not in tried)]

    def _spoken_of(self, statements: Sequence[Mapping]) -> list[Coordinates]:
        """Owned names that a resource of these statements names more closely than with a `*` for all of them."""
        patterns = {str(value) for one in statements for value in as_list(one.get("Resource", ())) if ":package/" in str(value)}
        key = frozenset(pattern.partition(":package/")[2].partition("/")[2].partition("/")[2] for pattern in patterns) - {"*", ""}
        if key not in self._spoken:
            spoken = Speaker({"Resource": sorted(key)}, -1, -1)
            self._spoken[key] = [one for one in self._names if self._names[one] != NOT_OWNED and spoken.speaks("", "/".join(one))]
        return self._spoken[key]

    def name(self, package: Coordinates) -> str:
        return self._names[package]

    def kept_out(self, place: _Place, package: Coordinates) -> str:
        """Why package groups do not let a package in, "" if they do."""
        repository = place.repository.name if place.repository else ""
        key = (place.domain.name, repository, package)
        if key not in self._group_reasons:
            groups = self._groups_of(place.domain, package.format)
            admitted = package_groups.admits(groups, package, "PUBLISH", [repository])
            pattern = package_groups.restricting_groups(groups, package)[-1].pattern
            self._group_reasons[key] = "" if admitted else f"package group {pattern} does not admit it here"
        return self._group_reasons[key]

    def _groups_of(self, domain: Domain, format: str) -> list[PackageGroup]:
        """The groups that a package of a format can be in, which includes the one above all."""
        return [one for one in domain.groups if one.pattern.startswith(("/*", f"/{format}/"))]

    def log(self, evaluation: Evaluation) -> None:
        self._matrix.evaluations.append(evaluation)


def _durations(stack: Provisioned) -> list[int]:
    """Lives of a token worth trying, longest first: what policies name, one second more, and the service's limits."""
    named = {
        int(value)
        for document in (
            *(one for role in stack.roles for one in role.identity),
            *(one for each in stack.attached for one in each.identity),
        )
        for one in document.statements
        for keys in (one.get("Condition") or {}).values()
        for key, values in keys.items()
        if key.lower() == "sts:durationseconds"
        for value in as_list(values)
        if str(value).isdigit()
    }
    tried = {one + more for one in named for more in (0, 1)} | {actions.LONGEST_TOKEN, actions.SHORTEST_TOKEN}
    return sorted((one for one in tried if actions.SHORTEST_TOKEN <= one <= actions.LONGEST_TOKEN), reverse=True)


class _Asker:
    """One session's questions. What the same statements speak about is decided once."""

    def __init__(self, session: Session, identity: Sequence[Numbered], statements: Sequence[Mapping], judge: _Judge) -> None:
        self._session, self._identity, self._statements, self._judge = session, identity, statements, judge
        numbers = [number for one in identity for number in one.numbers]
        self._mine = [judge.speaker(number) for number in numbers]
        self._known: dict[tuple, tuple[Verdict, Speaker | None]] = {}
        self._cells: dict[tuple, tuple[Cell, tuple[str, ...]]] = {}
        self._shapes: dict[int, tuple[list[Coordinates], tuple | None]] = {}

    def _ask(self, place: _Place, action: str, resource: str, context: Mapping[str, str] | None = None, owner: str = "") -> Verdict:
        """A decision. With `owner`, on something of the caller's own account, to which the place's policies say nothing."""
        theirs = [] if owner else place.speakers
        speaking = [one for one in (*self._mine, *theirs) if one.speaks(action, resource)]
        key = (
            tuple(one.content for one in speaking),
            tuple((context or {}).items()),
            owner,
            resource if any(one.distinguishes for one in speaking) else "",
        )
        if self._judge.thorough or key not in self._known:
            verdict = self._evaluate(place, action, resource, context, owner)
            self._known[key] = verdict, next((one for one in speaking if one.number == verdict.statement), None)
        verdict, decided = self._known[key]
        if decided is None:
            return verdict
        # The statement of another place that says the same: this place has its own.
        return replace(verdict, statement=next(one.number for one in speaking if one.content == decided.content))

    def _evaluate(self, place: _Place, action: str, resource: str, context: Mapping[str, str] | None, owner: str) -> Verdict:
        policies = [] if owner else place.policies
        asked = request(self._session, action, resource, context)
        verdict = decide(asked, self._identity, policies, owner or self._judge.account)
        self._judge.log(Evaluation(asked, tuple(self._identity), tuple(policies), owner or self._judge.account, verdict.allowed))
        from_elsewhere = not owner and self._session.caller.account != self._judge.account
        return self._granted_from(place, asked) if verdict.allowed and from_elsewhere else verdict

    def _granted_from(self, place: _Place, asked: Request) -> Verdict:
        """What lets another account in: its own policies must allow, too, but the statement that matters stands here."""
        allows = (one for one in place.speakers if one.statement["Effect"] == "Allow" and one.speaks(asked.action, asked.resource))
        granting = next(one for one in allows if decide_by(asked, self._identity, one.statement, self._judge.account))
        return Verdict(True, FROM_ELSEWHERE, granting.number)

    def cell(self, place: _Place, scope: Scope, kind: Kind) -> Cell:
        """A kind in a place, action by action and name by name."""
        packages, shape = self._shape(place)
        names = tuple(self._judge.name(one) for one in packages)
        if shape is not None and (shape, kind) in self._cells:
            return self._elsewhere(*self._cells[shape, kind], place, names)
        collected = _Collected()
        for action in actions.of(scope, kind):
            for package in packages if action.resource == "package" else [None]:
                resource = self._judge.resource(action, place, package)
                collected.add(action, package and self._judge.name(package), self._verdict(place, action, resource, package))
        cell = collected.cell()
        # Package groups tell places apart that policies do not.
        if shape is not None and not (kind is Kind.PUBLISH and cell.state):
            self._cells[shape, kind] = cell, names
        return cell

    def _shape(self, place: _Place) -> tuple[list[Coordinates], tuple | None]:
        """The packages to try in a place, and what sets it apart for this session; None where nothing else is like it."""
        if place.number not in self._shapes:
            packages = self._judge.candidates(place, self._statements) if place.repository else []
            self._shapes[place.number] = packages, self._shape_of(place, packages)
        return self._shapes[place.number]

    def _shape_of(self, place: _Place, packages: Sequence[Coordinates]) -> tuple | None:
        """Two repositories are alike if their policies say the same and the session's statements take in the same of their ARNs."""
        if self._judge.thorough or place.repository is None or any(one.distinguishes for one in (*self._mine, *place.speakers)):
            return None
        arns = self._judge.arns_of(place, packages)
        taken_in = tuple(one.takes_in(arn) for one in (*self._mine, *place.speakers) for arn in arns)
        return tuple(one.content for one in place.speakers), len(packages), taken_in

    def _elsewhere(self, cell: Cell, names: Sequence[str], place: _Place, here: Sequence[str]) -> Cell:
        """The cell of a place that is alike, in this place's words."""
        named = dict(zip(names, here, strict=True))
        numbers = {one.content: one.number for one in (*self._mine, *place.speakers)}

        def put(finding: Finding) -> Finding:
            statement = numbers[self._judge.speaker(finding.statement).content] if finding.statement >= 0 else -1
            return replace(finding, statement=statement, names=tuple(dict.fromkeys(named[name] for name in finding.names)))

        return Cell(cell.state, tuple(map(put, cell.findings)))

    def _verdict(self, place: _Place, action: Action, resource: str, package: Coordinates | None) -> Verdict:
        verdict = self._ask(place, action.name, resource)
        if verdict.allowed and package and action.kind is Kind.PUBLISH and (reason := self._judge.kept_out(place, package)):
            return Verdict(False, reason, verdict.statement)
        return verdict

    def token(self, place: _Place, durations: Sequence[int]) -> Cell:
        """A token of a domain: the domain's action, and STS's for the longest life that is allowed."""
        domain = self._judge.resource(actions.of(Scope.DOMAIN, Kind.TOKEN)[0], place, None)
        first = self._ask(place, "codeartifact:GetAuthorizationToken", domain)
        if not first.allowed:
            return Cell(0, (Finding(False, first.reason, first.statement, ("GetAuthorizationToken",)),))
        verdict, longest = Verdict(False, NOBODY_ALLOWS), 0
        for duration in durations:
            context = {"sts:AWSServiceName": actions.SERVICE_NAME, "sts:DurationSeconds": str(duration)}
            verdict = self._ask(place, actions.BEARER, "*", context, owner=self._session.caller.account)
            if verdict.allowed:
                longest = duration
                break
        named = (f"for at most {longest:,} seconds",) if longest else ()
        second = Finding(verdict.allowed, verdict.reason, verdict.statement, ("GetServiceBearerToken",), named)
        return Cell(2 if longest else 0, (Finding(True, first.reason, first.statement, ("GetAuthorizationToken",)), second))

    def copies(self, place: _Place, readable: Sequence[_Place]) -> Cell:
        """Copying versions into a repository: into the package and the repository, from a repository that can be read."""
        into_package, into_repository = _copy_actions()
        collected = _Collected()
        whole = self._ask(place, into_repository.name, self._judge.resource(into_repository, place, None))
        for package in self._shape(place)[0]:
            verdict = self._ask(place, into_package.name, self._judge.resource(into_package, place, package))
            if verdict.allowed and not whole.allowed:
                verdict = whole
            if verdict.allowed and not readable:
                verdict = Verdict(False, "it reads no other repository of the domain to copy from")
            if verdict.allowed and (reason := self._judge.kept_out(place, package)):
                verdict = Verdict(False, reason, verdict.statement)
            collected.add(into_package, self._judge.name(package), verdict)
        cell = collected.cell()
        if not cell.state:
            return cell
        every = len(readable) == len(place.domain.repositories) - 1 and len(readable) > 1
        sources = ("from every other repository",) if every else tuple(f"from {one.repository.name}" for one in readable if one.repository)
        return Cell(cell.state, (*cell.findings, Finding(True, "it reads the source", -1, ("ReadFromRepository",), sources)))


def _copy_actions() -> tuple[Action, Action]:
    found = actions.of(Scope.REPOSITORY, Kind.PROMOTE)
    return next(one for one in found if one.resource == "package"), next(one for one in found if one.resource == "repository")


class _Collected:
    """Verdicts of one cell, put together by what decided them."""

    def __init__(self) -> None:
        self.found: dict[tuple[bool, str, int], dict[str, dict[str, None]]] = {}
        self._essential = False

    def add(self, action: Action, name: str | None, verdict: Verdict) -> None:
        key = (verdict.allowed, verdict.reason, verdict.statement)
        self.found.setdefault(key, {}).setdefault(action.short, {}).update({name: None} if name else {})
        self._essential = self._essential or (verdict.allowed and action.essential)

    def cell(self) -> Cell:
        findings = tuple(
            Finding(
                allowed, reason, statement, tuple(by_action), tuple(dict.fromkeys(name for names in by_action.values() for name in names))
            )
            for (allowed, reason, statement), by_action in sorted(self.found.items(), key=lambda one: (not one[0][0], one[0][2], one[0][1]))
        )
        state = 2 if self._essential else int(any(one.allowed for one in findings))
        return Cell(state, findings)
