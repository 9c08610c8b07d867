"""The incidents of docs/operations.md: their commands, against the local cloud, by an administrator of the account."""

import json
import shutil
from pathlib import Path

import boto3
import httpx
import pytest

from policies.document import statement, text
from policies.roles.read import read_permissions
from tests.docs.pages import page
from tests.rehearsal.cloud.codeartifact.scene import npm_document
from tests.workflows.registry import DOMAIN, PLACE, READABLE, TOKEN_DURATION, LocalCloud
from tests.workflows.test_promoting import by_hand

TOOLS = ("aws", "bash", "jq", "npm")
pytestmark = pytest.mark.skipif(not all(shutil.which(tool) for tool in TOOLS), reason=f"needs {', '.join(TOOLS)}")
OPERATIONS = page("docs/operations.md")
AWS_CLI = pytest.mark.slow("the local CodeArtifact's tests run each call; test_promoting.py archives a bad version")
PACKAGE = {"domain": DOMAIN, "repository": "payments", "format": "npm", "namespace": "acme-payments"}


def commands(heading: str) -> list[str]:
    """The shell blocks of a section."""
    return [block.partition("```")[0] for block in OPERATIONS.section(heading).split("```bash\n")[1:]]


def published(cloud: LocalCloud, name: str, version: str = "1.0.0", repository: str = "payments") -> None:
    document = npm_document(f"@acme-payments/{name}", version)
    answer = cloud.http("PUT", "npm", f"@acme-payments%2f{name}", repository, json.dumps(document).encode())
    assert answer.status_code == 200, answer.text


def done(cloud: LocalCloud, folder: Path, script: str) -> str:
    run = by_hand(cloud, folder, f"set -euo pipefail\n{script}")
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_a_role_whose_token_leaked_is_stopped_at_once_and_works_again_afterwards(cloud: LocalCloud, tmp_path: Path) -> None:
    stop, resume = (one.replace("prod-publish-payments-api", "leaky") for one in commands("A token or key leaked"))
    published(cloud, "leaking")
    iam = cloud.aws("iam")
    anybody = text([statement("Anybody", "sts:AssumeRole", None, principal={"AWS": PLACE.account_root_arn})])
    iam.create_role(RoleName="leaky", AssumeRolePolicyDocument=anybody)
    iam.put_role_policy(RoleName="leaky", PolicyName="read", PolicyDocument=text(read_permissions(PLACE, TOKEN_DURATION, READABLE)))
    session = cloud.aws("sts").assume_role(RoleArn=PLACE.role_arn("/", "leaky"), RoleSessionName="job")["Credentials"]
    codeartifact = boto3.client(
        "codeartifact",
        endpoint_url=cloud.url,
        region_name=PLACE.region,
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )
    token = codeartifact.get_authorization_token(domain=DOMAIN, durationSeconds=900)["authorizationToken"]
    address = codeartifact.get_repository_endpoint(domain=DOMAIN, repository="payments", format="npm")["repositoryEndpoint"]

    def installs() -> bool:
        answer = httpx.get(f"{address}@acme-payments%2fleaking", headers={"authorization": f"Bearer {token}"}, trust_env=False)
        assert answer.status_code in (200, 401, 403), answer
        return answer.status_code == 200

    assert installs()
    done(cloud, tmp_path, stop)
    assert not installs()
    with pytest.raises(codeartifact.exceptions.AccessDeniedException):
        codeartifact.get_authorization_token(domain=DOMAIN, durationSeconds=900)
    done(cloud, tmp_path, resume)
    assert installs()


@AWS_CLI
def test_the_check_says_where_a_bad_version_is_and_whether_it_is_archived(cloud: LocalCloud, tmp_path: Path) -> None:
    published(cloud, "checked")
    check = commands("A bad version was published")[1].replace("--package sdk", "--package checked")
    before = dict(line.split(": ", 1) for line in done(cloud, tmp_path, check).splitlines())
    assert before["payments"] == "Published" and "ResourceNotFoundException" in before["npmjs"]
    cloud.aws("codeartifact").update_package_versions_status(**PACKAGE, package="checked", versions=["1.0.0"], targetStatus="Archived")
    after = dict(line.split(": ", 1) for line in done(cloud, tmp_path, check).splitlines())
    assert after["payments"] == "Archived"


@AWS_CLI
def test_a_backup_holds_every_file_that_was_published_and_is_published_again(cloud: LocalCloud, tmp_path: Path) -> None:
    here, codeartifact = "backed-up", cloud.aws("codeartifact")
    codeartifact.create_repository(domain=DOMAIN, repository=here)
    for version in ("1.0.0", "1.0.10", "1.0.9", "1.0.11"):
        published(cloud, "kept", version, here)
    named = {**PACKAGE, "repository": here, "package": "kept"}
    codeartifact.update_package_versions_status(**named, versions=["1.0.11"], targetStatus="Archived")
    cloud.generic(here, "acme-payments/rates", "1.0.0", "rates.csv", b"1,2\n")
    _, backup, restore = (one.replace("--repository payments", f"--repository {here}") for one in commands("A full restore"))
    done(cloud, tmp_path, backup)
    folder = tmp_path / "backup"
    assert (folder / "generic" / "acme-payments" / "rates" / "1.0.0" / "rates.csv").read_bytes() == b"1,2\n"
    kept = {one.parent.name: one for one in (folder / "npm" / "acme-payments" / "kept").rglob("*.tgz")}
    assert set(kept) == {"1.0.0", "1.0.10", "1.0.9"}

    def stored(version: str) -> bytes:
        return cloud.http("GET", "npm", f"@acme-payments/kept/-/{kept[version].name}", here).content

    assert all(file.read_bytes() == stored(version) for version, file in kept.items())
    codeartifact.delete_package_versions(**named, versions=[*kept, "1.0.11"])
    assert cloud.versions(here, "npm", "kept", "acme-payments") == {}
    done(cloud, tmp_path, restore)
    assert cloud.versions(here, "npm", "kept", "acme-payments") == dict.fromkeys(kept, "Published")
    assert all(file.read_bytes() == stored(version) for version, file in kept.items())
