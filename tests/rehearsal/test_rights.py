"""The deployer's rights: each was used to make or remove a shipped stack, or is kept for a reason that still holds."""

import tempfile
from pathlib import Path

import pytest

from policies.document import statement
from rehearsal import removal, rights, stage
from rehearsal.rights import KEPT, OF_SOME_STACKS, Rights

STACKS = ("dev", "prod")


LIVES = pytest.mark.slow("python -m rehearsal --destroy shows which rights a life used")


@pytest.fixture(scope="module")
def lives() -> dict[str, Rights]:
    """What making and removing each shipped stack used."""
    return {name: _life(name) for name in STACKS}


def _life(name: str) -> Rights:
    chosen = stage.Stack(name, stage.PROJECT / f"Pulumi.{name}.yaml", None)
    settings = chosen.settings()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        cloud = stage.Cloud(settings, folder, "fixture")
        try:
            program = stage.Program(chosen, cloud, stage.company(chosen, settings, cloud, folder), folder)
            outputs = program.run(lambda event: None)["outputs"]
            watch = stage.watch(cloud, settings)
            removal.remove(stage.world(settings, cloud, outputs, folder), program, lambda line: None)
            watch.collect()
            return watch.rights()
        finally:
            cloud.close()


@LIVES
@pytest.mark.parametrize("stack", STACKS)
def test_every_right_that_a_stack_did_not_use_is_argued(lives, stack):
    assert lives[stack].used
    assert lives[stack].unexplained == []


@LIVES
def test_no_reason_outlives_its_right(lives):
    """A right that both stacks use, or that nobody has any more, needs no reason."""
    granted = frozenset().union(*(one.granted for one in lives.values()))
    used = {action: [stack for stack, one in lives.items() if action in one.used] for action in granted}
    assert set(KEPT) - granted == set()
    for action, why in KEPT.items():
        assert bool(used[action]) is (why in OF_SOME_STACKS), f"{action}, kept for: {why}; used by {used[action]}"
        assert set(used[action]) != set(STACKS), f"{action} is used by every stack"


@LIVES
def test_nothing_was_used_that_is_not_granted(lives):
    """AWS lets everybody ask who they are."""
    for one in lives.values():
        assert one.used - one.granted <= {"sts:GetCallerIdentity"}


# --- the reckoning itself -------------------------------------------------------------------------------------------------------------

POLICY = [statement("One", ["iam:GetRole", "iam:TagRole"], "*"), statement("Two", "kms:Imaginary", "*")]


def test_what_is_unused_and_unexplained():
    life = Rights(rights.granted(POLICY), frozenset({"iam:GetRole"}))
    assert set(life.unused) == {"iam:TagRole", "kms:Imaginary"}
    assert life.unexplained == ["kms:Imaginary"]
    assert life.unused["iam:TagRole"] == KEPT["iam:TagRole"]
    assert life.as_json() == {"used": ["iam:GetRole"], "unused": life.unused}
    told = "\n".join(rights.lines(life))
    assert "1 of the deployer's 3 rights" in told and "NO REASON GIVEN: kms:Imaginary" in told


def test_a_denial_grants_nothing():
    assert rights.granted([*POLICY, statement("No", "iam:DeleteRole", "*", effect="Deny")]) == rights.granted(POLICY)


def test_a_wildcard_can_not_be_reckoned():
    with pytest.raises(ValueError, match="iam:Get"):
        rights.granted([statement("Wide", ["iam:Get*"], "*")])


class Log:
    """A decision log that grows."""

    def __init__(self) -> None:
        self.decisions: list[dict[str, object]] = []

    def add(self, role: str, action: str, allowed: bool = True) -> None:
        principal = f"arn:aws:sts::111122223333:assumed-role/{role}/deployment"
        self.decisions.append({"principal": principal, "action": action, "resource": "*", "allowed": allowed})

    def get(self, path: str) -> dict[str, object]:
        since = int(path.partition("since=")[2])
        return {"decisions": self.decisions[since:], "next": len(self.decisions)}


def test_a_watch_sees_one_role_what_it_was_allowed_and_not_what_is_passed_over():
    log = Log()
    watch = rights.Watch(log, "prod-deployer", POLICY)  # ty: ignore[invalid-argument-type]  # as much of Control as it needs
    log.add("prod-deployer", "iam:GetRole")
    log.add("prod-deployer-2", "kms:Imaginary")
    log.add("prod-deployer", "kms:Imaginary", allowed=False)
    watch.collect()
    log.add("prod-deployer", "iam:TagRole")
    watch.skip()
    assert watch.rights().used == {"iam:GetRole"}
    log.add("prod-deployer", "iam:TagRole")
    watch.collect()
    assert watch.rights().used == {"iam:GetRole", "iam:TagRole"}
