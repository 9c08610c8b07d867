"""Refused attempts to assume a publish role: each is the publishing workflow on a release branch, but for one thing.

One table for three readers: the tests of trust policies try its claims, the access review shows who gets in with them, and the rehearsal
makes the attempts with tokens of its GitHub stand-in.
"""

from dataclasses import dataclass, fields, replace
from enum import StrEnum

from policies.names import PRIVATE_DEPENDENCIES_ENVIRONMENT

STRANGER = "stranger"


class Needs(StrEnum):
    """What a repository must have for an attempt to differ in one thing."""

    RELEASE = "a release branch"
    NEIGHBOUR = "another repository that publishes"
    WORKFLOW = "a publishing workflow that the stack names"
    PATTERN = "a release branch that is a pattern"
    ENVIRONMENT = "an environment to publish in"


@dataclass(frozen=True)
class Place:
    """The release from which a repository's publishing workflow is let in; `pattern` covers it, if one does."""

    owner: str
    repository: str
    release: str
    pattern: str = ""
    environment: str = ""
    neighbour: str = ""
    kind: str = "heads"

    def words(self) -> dict[str, str]:
        """What the words in braces of the table stand for."""
        prefix = self.pattern.removesuffix("*")
        return {one.name: getattr(self, one.name) for one in fields(self)} | {"prefix": prefix, "stem": prefix.rstrip("/")}


@dataclass(frozen=True)
class Attempt:
    """`how` ends the name of its scenario, `who` is the scenario's principal; `needs` says which repositories can try.

    The rest is what differs from the publishing job, "" or None where nothing does: `ref` below `refs/`, `owner` and `repository` of the
    token, `workflow` (".": the repository's own; "@BRANCH": the publishing workflow as that branch has it), `environment` ("": none),
    `audience`, and `signature`, which is "forged" or "expired".
    """

    key: str
    how: str
    who: str
    needs: Needs = Needs.RELEASE
    ref: str = ""
    owner: str = ""
    repository: str = ""
    workflow: str = ""
    environment: str | None = None
    audience: str = ""
    signature: str = ""

    def at(self, place: Place) -> "Attempt":
        """The attempt in a place: nothing is in braces any more."""
        words, texts = place.words(), {one.name: getattr(self, one.name) for one in fields(self)}
        return replace(self, **{name: text.format(**words) for name, text in texts.items() if type(text) is str})


_FILE, _ON = "publish-package.yml", "publish-package.yml on {release}"
REFUSED = (
    Attempt("pull-request", "from a pull request", f"{_FILE} on a pull request", ref="pull/1/merge"),
    Attempt("other-branch", "from an unreviewed branch", f"{_FILE} on feature/x", ref="heads/feature/x"),
    Attempt("beside", "from a branch named {release}-evil", f"{_ON}-evil", ref="{kind}/{release}-evil"),
    Attempt("tag", "from a tag named {release}", f"{_FILE} on the tag {{release}}", ref="tags/{release}"),
    Attempt("other-organisation", "from another organisation", f"{_FILE} of {STRANGER}/{{repository}}", owner=STRANGER),
    Attempt("other-repository", "from another repository", f"{_FILE} of {{neighbour}}", Needs.NEIGHBOUR, repository="{neighbour}"),
    Attempt("forged", "with a token not signed by GitHub", "a token signed by a stranger", signature="forged"),
    Attempt("expired", "with an expired token", f"{_ON}, expired token", signature="expired"),
    Attempt("audience", "with a token for another audience", f"{_ON}, token for another audience", audience="https://github.com/{owner}"),
    Attempt("own-workflow", "from another workflow file", "another workflow on {release}", Needs.WORKFLOW, workflow="."),
    Attempt(
        "workflow-elsewhere",
        "from the publishing workflow at another ref",
        f"{_FILE}@feature/x on {{release}}",
        Needs.WORKFLOW,
        workflow="@feature/x",
    ),
    # The publishing workflow has a second job that requests tokens: it must not be able to publish.
    Attempt(
        "private-dependencies",
        "from the job that fetches private dependencies",
        f"{_ON}, environment {PRIVATE_DEPENDENCIES_ENVIRONMENT}",
        environment=PRIVATE_DEPENDENCIES_ENVIRONMENT,
    ),
    # On GitHub `*` does not cross a slash, so a branch one level deeper is not protected.
    Attempt("below", "from {prefix}a/b, not matched by {pattern}", f"{_FILE} on {{prefix}}a/b", Needs.PATTERN, ref="{kind}/{prefix}a/b"),
    Attempt(
        "beside-pattern",
        "from {stem}-evil/1.0, not matched by {pattern}",
        f"{_FILE} on {{stem}}-evil/1.0",
        Needs.PATTERN,
        ref="{kind}/{stem}-evil/1.0",
    ),
    Attempt("no-environment", "from a job outside environment {environment}", f"{_ON}, no environment", Needs.ENVIRONMENT, environment=""),
    Attempt(
        "environment-elsewhere",
        "from another branch in environment {environment}",
        f"{_FILE} on feature/x, environment {{environment}}",
        Needs.ENVIRONMENT,
        ref="heads/feature/x",
    ),
)
BY_KEY = {one.key: one for one in REFUSED}
