"""Which principals are meant by the ARN that STS returns for a caller."""

import pytest

from policies.arns import principal_patterns
from tests.policies import iam

SESSION = "arn:aws:sts::111122223333:assumed-role/deployer/session"
ROLE = "arn:aws:iam::111122223333:role"


def meant(caller: str, principal: str) -> bool:
    """Whether `aws:PrincipalArn` of `principal` matches, as the domain's policy compares it (ArnLike)."""
    return any(iam.arn_like(pattern, principal) for pattern in principal_patterns(caller))


@pytest.mark.parametrize("principal", [f"{ROLE}/deployer", f"{ROLE}/package-flow-bootstrap/deployer", f"{ROLE}/a/b/deployer"])
def test_a_session_means_its_role_at_any_path(principal):
    assert meant(SESSION, principal)


@pytest.mark.parametrize(
    "principal",
    [
        f"{ROLE}/other-deployer",
        f"{ROLE}/a/other-deployer",
        f"{ROLE}/deployer-2",
        f"{ROLE}/deployer/other",
        f"{ROLE.replace('1111', '4444')}/deployer",
        "arn:aws:iam::111122223333:user/deployer",
    ],
)
def test_a_role_whose_name_only_ends_or_begins_so_is_another(principal):
    assert not meant(SESSION, principal)


def test_a_user_is_meant_alone():
    user = "arn:aws:iam::111122223333:user/ada"
    assert principal_patterns(user) == [user]
