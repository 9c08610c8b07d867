"""One declaration of release branches and of tags, read three ways: by IAM (trust policy), by rulesets and an environment (GitHub)."""

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from policies import branches, guards
from policies.branches import HEADS, TAGS, check, check_tag, declare, declare_tags, is_pattern
from policies.document import text
from policies.github_tokens import Subjects
from policies.roles.promote import promote_trust
from policies.roles.publish import publish_trust
from rehearsal.cloud.github.patterns import matches
from tests.policies import iam
from tests.policies.samples import REGISTRY, REPOSITORY, WORKFLOW

GOOD = [
    "queue/gh-readonly-queue",
    "main",
    "release/*",
    "release/v1",
    "a",
    "v1.2",
    "release/2024/*",
    "A_b-c",
    "x.y/z",
    "1",
    "release",
    "a/b/c",
]
BAD = [
    "",
    "*",
    "/*",
    "*/release",
    "release*",
    "rel*/x",
    "release/**",
    "release/**/*",
    "release/*/*",
    "release/*/",
    "release/",
    "/main",
    "a//b",
    ".main",
    "a/.b",
    "a..b",
    "main.",
    "main.lock",
    "a.lock/b",
    "a./b",
    "-main",
    "refs/heads/main",
    "release/v?",
    "release/[ab]",
    "main\n",
    "a b",
    "a~1",
    "a^",
    "a:b",
    "a\\b",
    "a@{1}",
    "é",
    "gh-readonly-queue/main/*",
    "gh-readonly-queue/main/pr-1-0a1b2c3",
    "release/*\n",
]


@pytest.mark.parametrize("branch", GOOD)
def test_release_branches(branch):
    assert check(branch) is None


@pytest.mark.parametrize("branch", BAD)
def test_no_release_branches(branch):
    assert check(branch)


# --- branch names ---------------------------------------------------------------------------------------------------------------------


def git_accepts(name: str) -> bool:
    """Whether git accepts a branch name: https://git-scm.com/docs/git-check-ref-format."""
    if (
        not name
        or name == "@"
        or name.startswith(("-", "/"))
        or name.endswith(("/", "."))
        or any(sign in name for sign in ("..", "//", "@{"))
    ):
        return False
    if re.search(r"[\x00-\x20\x7f~^:?*\[\\]", name):
        return False
    return not any(part.startswith(".") or part.endswith(".lock") for part in name.split("/"))


SEGMENT = st.one_of(st.sampled_from(["a", "b", "aa", "a.b", "release", "main", "-", "_"]), st.text("ab.-_", min_size=1, max_size=3))
LITERAL = st.lists(SEGMENT, min_size=1, max_size=3).map("/".join)
RELEASE_BRANCH = st.one_of(LITERAL, LITERAL.map("{}/*".format)).filter(lambda branch: check(branch) is None)
RELEASE_BRANCHES = st.lists(RELEASE_BRANCH, min_size=1, max_size=4, unique=True).map(tuple)
# Any name that git takes, whatever the declaration's alphabet is.
NAME = st.one_of(
    LITERAL,
    st.lists(st.one_of(SEGMENT, st.text("aé@+#=%,!$(){}'\"<>|&;A .", min_size=1, max_size=4)), min_size=1, max_size=4).map("/".join),
).filter(git_accepts)


@st.composite
def near(draw, branches: tuple[str, ...]) -> str:
    """A branch name that a declaration often, and sometimes just not, covers."""
    branch = draw(st.sampled_from(branches))
    literal = branch.removesuffix("/*")
    name = draw(
        st.one_of(
            st.just(literal),
            st.builds(lambda end: f"{literal}/{end}", NAME),
            st.builds(lambda end: f"{literal}{end}", SEGMENT),
            st.builds(lambda start: f"{start}/{literal}", SEGMENT),
            st.just(literal.rpartition("/")[0] or "a"),
            st.just(literal.upper()),
            NAME,
        )
    )
    assume(git_accepts(name))
    return name


@given(st.one_of(RELEASE_BRANCH, st.text("ab./-*_@é", max_size=6)))
def test_what_is_declared_is_a_branch_to_git(branch):
    if check(branch) is None:
        assert git_accepts(branch.removesuffix("/*"))
        assert is_pattern(branch) == ("*" in branch)


# --- three readings -------------------------------------------------------------------------------------------------------------------

NAME_ONLY = "repo:acme/payments-api"
IMMUTABLE = "repo:acme@7000/payments-api@9001"


def claims(ref: str, environment: str = "", subject: str = NAME_ONLY) -> dict[str, str]:
    context = f"environment:{environment}" if environment else f"ref:{ref}"
    made = {"sub": f"{subject}:{context}", "aud": "sts.amazonaws.com", "repository_id": "9001", "ref": ref, "job_workflow_ref": WORKFLOW}
    return made | ({"environment": environment} if environment else {})


def trusted(branches: tuple[str, ...], ref: str, environment: str = "", subject: str = NAME_ONLY) -> bool:
    """What the publish role's document says, as it is sent to AWS."""
    document = text(publish_trust(REGISTRY, REPOSITORY, declare(branches), environment, WORKFLOW, Subjects.BOTH))
    return iam.admits(iam.document(document), claims(ref, environment, subject), REGISTRY.github_oidc_provider_arn)


def promoting(branches: tuple[str, ...], ref: str) -> bool:
    document = text(promote_trust(REGISTRY, REPOSITORY, declare(branches), WORKFLOW, Subjects.BOTH))
    return iam.admits(iam.document(document), claims(ref, "promote"), REGISTRY.github_oidc_provider_arn)


def covered(patterns: list[str], ref: str) -> bool:
    return any(matches(pattern, ref) for pattern in patterns)


@given(st.data())
def test_whatever_is_trusted_is_protected_and_deployable_and_the_other_way_round(data):
    branches = data.draw(RELEASE_BRANCHES)
    name = data.draw(near(branches))
    ref = HEADS + name
    protected = covered(guards.create_refs(declare(branches)), ref)
    assert trusted(branches, ref) == protected
    assert trusted(branches, ref, subject=IMMUTABLE) == protected
    assert trusted(branches, ref, environment="packages") == protected
    assert promoting(branches, ref) == protected
    assert any(matches(pattern, name) for pattern in declare(branches).environment_patterns) == protected
    if protected:
        assert covered(guards.release_refs("trunk", declare(branches)), ref)


@given(st.data())
def test_the_order_of_branches_changes_nothing(data):
    branches = data.draw(RELEASE_BRANCHES)
    name = data.draw(near(branches))
    assert trusted(branches, HEADS + name) == trusted(tuple(reversed(branches)), HEADS + name)


@given(st.data())
def test_no_other_kind_of_ref_is_trusted(data):
    branches = data.draw(RELEASE_BRANCHES)
    name = data.draw(near(branches))
    for ref in (
        f"refs/tags/{name}",
        f"refs/pull/{name}/merge",
        name,
        f"refs/heads/refs/heads/{name}",
        f"refs/heads/gh-readonly-queue/{name}",
    ):
        assert not trusted(branches, ref, environment="packages")


@pytest.mark.parametrize(
    ("branches", "name", "expected"),
    [
        (("release/*",), "release/1", True),
        (("release/*",), "release/a/b", False),
        (("release/*",), "release", False),
        (("release/*",), "releases/1", False),
        (("release/*",), "Release/1", False),
        (("release/*", "release/a/b"), "release/a/b", True),
        (("release/*", "release/a/b"), "release/a/c", False),
        (("release/*", "release/a/*"), "release/a/b", True),
        (("release/*", "release/a/*"), "release/a/b/c", False),
        (("release/a/*", "release/*"), "release/1", True),
        (("main",), "main", True),
        (("main",), "mainline", False),
        (("main",), "x/main", False),
        (("a.b",), "aXb", False),
    ],
)
def test_what_patterns_mean(branches, name, expected):
    assert trusted(branches, HEADS + name) is expected
    assert covered(guards.create_refs(declare(branches)), HEADS + name) is expected


@example("main", ("main",))
@given(LITERAL, RELEASE_BRANCHES)
def test_the_default_branch_is_always_protected_and_by_name(default, branches):
    refs = guards.release_refs(default, declare(branches))
    assert refs[0] == HEADS + default
    assert len(set(refs)) == len(refs)
    assert set(refs) == {HEADS + default, *guards.create_refs(declare(branches))}


@given(RELEASE_BRANCHES)
def test_rulesets_and_environment_name_the_same_patterns(branches):
    assert [HEADS + pattern for pattern in declare(branches).environment_patterns] == guards.create_refs(declare(branches))
    assert set(guards.create_refs(declare(branches))) == {HEADS + branch for branch in branches}


def test_one_statement_holds_all_branches_unless_they_exclude_each_other():
    assert len(declare(("main", "release/*", "hotfix/*")).trusted) == 1
    assert len(declare(("main", "release/*", "release/a/b")).trusted) == 3


# --- branches that are there already --------------------------------------------------------------------------------------------------


@given(
    branch=st.sampled_from([*(one for one in GOOD if not is_pattern(one)), "release/a", "release/a/b", "release/2024/1"]),
    declared=st.lists(st.sampled_from(GOOD)),
)
def test_a_branch_matches_as_github_reads_the_ruleset(branch, declared):
    refs = declare(tuple(declared)).ruleset_refs
    assert branches.matches(branch, declared) == any(matches(ref, HEADS + branch) for ref in refs)


@pytest.mark.parametrize(
    ("there", "declared", "before", "default", "accepted", "unreviewed"),
    [
        (["main", "release/evil"], ["main", "release/*"], [], "main", [], ["release/evil"]),
        (["main", "release/evil"], ["main", "release/*"], [], "main", ["release/evil"], []),
        (["main", "release/evil"], ["main", "release/*"], ["main", "release/*"], "main", [], []),
        (["main", "release/evil"], ["main", "release/*"], ["main"], "main", [], ["release/evil"]),
        (["main", "release/evil/x", "evil"], ["main", "release/*"], [], "main", [], []),
        (["main", "next"], ["next"], [], "main", [], ["next"]),
        (["main", "next"], ["next"], [], "next", [], []),
        (["main", "next"], ["main"], [], "next", [], ["main"]),
        # Guarded and reviewed as a release branch of its own before it became one of a pattern.
        (["release/1", "release/2"], ["release/*"], ["release/1"], "main", [], ["release/2"]),
        (["release/1"], ["release/1"], ["release/*"], "main", [], []),
        (["b", "a"], ["a", "b"], [], "main", [], ["a", "b"]),
    ],
)
def test_what_would_publish_without_review(there, declared, before, default, accepted, unreviewed):
    assert branches.unreviewed(there, declared, before, default, accepted) == unreviewed


# --- tags -----------------------------------------------------------------------------------------------------------------------------

GOOD_TAGS = ["v*", "*", "ui-v*", "@acme/ui@*", "@acme/*", "v1.2.3", "ui/v*", "release-1.2+build", "v1.*", "a/b/*", "V*"]
BAD_TAGS = [
    "", "v**", "v*-rc", "*/v1", "v[0-9]*", "v?", "refs/tags/v*", "-v*", "/v*", "a//b*", ".v*", "a/.b*", "v..1*", "v1.lock", "v1.", "v1/",
    "a b*", "v~1", "v^", "v:1", "v\\1", "v@{1}", "é*", "@", "v*\n", "v.lock/*",
]  # fmt: skip
TAG_SEGMENT = st.one_of(st.sampled_from(["v", "ui-v", "@acme", "ui@", "1.2.3"]), st.text("av.-_@+", min_size=1, max_size=3))
TAG_LITERAL = st.lists(TAG_SEGMENT, min_size=1, max_size=3).map("/".join)
RELEASE_TAG = st.one_of(TAG_LITERAL, TAG_LITERAL.map("{}*".format), TAG_LITERAL.map("{}/*".format), st.just("*")).filter(
    lambda tag: check_tag(tag) is None
)
RELEASE_TAGS = st.lists(RELEASE_TAG, min_size=1, max_size=4, unique=True).map(tuple)


@pytest.mark.parametrize("tag", GOOD_TAGS)
def test_release_tags(tag):
    assert check_tag(tag) is None


@pytest.mark.parametrize("tag", BAD_TAGS)
def test_no_release_tags(tag):
    assert check_tag(tag)


@given(st.one_of(RELEASE_TAG, st.text("av./-*_@+é", max_size=6)))
def test_a_declared_tag_is_a_tag_to_git(tag):
    if check_tag(tag) is None and not tag.endswith("*"):
        assert git_accepts(tag)


def trusted_tag(tags: tuple[str, ...], ref: str, environment: str = "", subject: str = NAME_ONLY) -> bool:
    document = text(publish_trust(REGISTRY, REPOSITORY, declare(()), environment, WORKFLOW, Subjects.BOTH, declare_tags(tags)))
    return iam.admits(iam.document(document), claims(ref, environment, subject), REGISTRY.github_oidc_provider_arn)


@st.composite
def near_tag(draw, tags: tuple[str, ...]) -> str:
    """A tag name that a declaration often, and sometimes just not, covers."""
    literal = draw(st.sampled_from(tags)).removesuffix("*")
    name = draw(
        st.one_of(
            st.just(literal),
            st.builds(lambda end: f"{literal}{end}", TAG_SEGMENT),
            st.builds(lambda end: f"{literal}{end}", TAG_LITERAL),
            st.builds(lambda start: f"{start}/{literal}", TAG_SEGMENT),
            st.just(literal.upper()),
            NAME,
        )
    )
    assume(git_accepts(name))
    return name


@given(st.data())
def test_a_tag_is_trusted_if_it_is_guarded_and_the_other_way_round(data):
    tags = data.draw(RELEASE_TAGS)
    name = data.draw(near_tag(tags))
    ref = TAGS + name
    guarded = covered(guards.release_tag_refs(declare_tags(tags)), ref)
    for subject in (NAME_ONLY, IMMUTABLE):
        assert trusted_tag(tags, ref, subject=subject) == guarded
        assert trusted_tag(tags, ref, environment="packages", subject=subject) == guarded
    assert any(matches(pattern, name) for pattern in declare_tags(tags).environment_patterns) == guarded
    assert branches.matches_tag(name, tags) == guarded


@given(st.data())
def test_a_release_tag_trusts_no_branch(data):
    tags = data.draw(RELEASE_TAGS)
    name = data.draw(near_tag(tags))
    for ref in (HEADS + name, f"refs/pull/{name}/merge", name, f"refs/tags/refs/tags/{name}" if "*" not in tags else "refs/heads/x"):
        assert not trusted_tag(tags, ref, environment="packages")


@pytest.mark.parametrize(
    ("tags", "name", "expected"),
    [
        (("v*",), "v1.2.3", True),
        (("v*",), "v", True),
        (("v*",), "v1/x", False),
        (("v*",), "V1", False),
        (("v*",), "ui-v1", False),
        (("@acme/ui@*",), "@acme/ui@1.2.3", True),
        (("@acme/ui@*",), "@acme/forms@1.2.3", False),
        (("*",), "1.2.3", True),
        (("*",), "@acme/ui@1.2.3", False),
        (("v*", "v/1"), "v/1", True),
        (("v*", "v/1"), "v/2", False),
        (("v1.2.3",), "v1.2.3", True),
        (("v1.2.3",), "v1.2.34", False),
    ],
)
def test_what_patterns_of_tags_mean(tags, name, expected):
    assert trusted_tag(tags, TAGS + name) is expected
    assert covered(guards.release_tag_refs(declare_tags(tags)), TAGS + name) is expected


def test_tags_need_a_workflow_that_looks_at_their_commits():
    with pytest.raises(ValueError, match="release tags"):
        publish_trust(REGISTRY, REPOSITORY, declare(("main",)), "", None, Subjects.BOTH, declare_tags(("v*",)))
    assert publish_trust(REGISTRY, REPOSITORY, declare(("main",)), "", None, Subjects.BOTH, declare_tags(()))


@pytest.mark.parametrize(
    ("declared", "before", "accepted", "may"),
    [
        (("main",), (), (), False),  # the default branch, whose content is what the company runs
        (("main",), (), ("main",), True),  # is it there?
        (("trunk",), (), (), True),
        (("main", "release/*"), (), (), True),
        (("main", "release/*"), ("release/*",), (), False),
        (("main", "release/*"), ("main", "release/*"), ("release/1",), False),
        ((), (), (), False),
    ],
)
def test_when_branches_have_to_be_listed(declared, before, accepted, may):
    assert branches.may_be_unreviewed(declared, before, "main", accepted) is may
    there = ["main", "trunk", "release/1", "release/2", "feature"]
    assert may or branches.unreviewed(there, declared, before, "main", accepted) == []
