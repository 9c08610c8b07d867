"""Values that the tests of policies share."""

from policies.arns import Registry
from policies.github_tokens import GitHubRepository, Owner

REGISTRY = Registry("aws", "111122223333", "eu-west-1", "acme")
OTHER_ACCOUNT = "444455556666"
ORGANIZATION = "o-a1b2c3d4e5"
OWNER = Owner("acme", 7000)
REPOSITORY = GitHubRepository(OWNER, "payments-api", 9001)
NEIGHBOUR = GitHubRepository(OWNER, "checkout-web", 9002)
WORKFLOW = "acme/package-flow/.github/workflows/publish-package.yml@refs/heads/main"
PROMOTION = "acme/package-flow/.github/workflows/promote-package.yml@refs/heads/main"
