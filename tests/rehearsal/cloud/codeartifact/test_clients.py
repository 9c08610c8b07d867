"""Maven, the client whose reading no scenario shows. AWS CLI, npm, pip and twine are the scenarios'."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from rehearsal.cloud.aws import Credentials
from rehearsal.cloud.public_registries import maven
from tests.rehearsal.cloud.codeartifact.scene import DOMAIN, TOKEN, Scene, package_arn, repository_arn
from tests.rehearsal.cloud.in_process import REGION, allow

BIN = Path(sys.executable).parent
READ = allow(
    "codeartifact:ReadFromRepository", "codeartifact:GetRepositoryEndpoint", resource=[repository_arn(n) for n in ("shared", "payments")]
)
PUBLISH = allow(
    "codeartifact:PublishPackageVersion", "codeartifact:PutPackageMetadata",
    resource=[package_arn("payments", path) for path in ("npm/acme-payments/*", "pypi//acme-payments-*", "maven/com.acme.payments/*")],
)  # fmt: skip


@dataclass
class Desk:
    """A person's machine: a home of its own, and nothing of this one's configuration."""

    scene: Scene
    home: Path
    credentials: Credentials

    def run(self, *command: str, folder: str = ".", **environment: str) -> subprocess.CompletedProcess[str]:
        own = {
            "HOME": str(self.home), "PATH": f"{BIN}:{os.environ['PATH']}", "NO_COLOR": "1", "COLUMNS": "200",
            "AWS_ENDPOINT_URL": self.scene.cloud.url, "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": self.credentials.access_key_id, "AWS_SECRET_ACCESS_KEY": self.credentials.secret_access_key,
            "AWS_SESSION_TOKEN": self.credentials.session_token or "", "NPM_CONFIG_UPDATE_NOTIFIER": "false",
        }  # fmt: skip
        return subprocess.run(command, cwd=self.home / folder, env=own | environment, capture_output=True, text=True, timeout=120)

    def folder(self, name: str, **files: str) -> str:
        """A folder in the home with these files; `__` in a name is a dot."""
        (self.home / name).mkdir()
        for file, text in files.items():
            (self.home / name / file.replace("__", ".")).write_text(text)
        return name


@pytest.fixture
def payments(scene: Scene) -> Scene:
    scene.clock.now = 1_900_000_000.0
    scene.repositories(
        npmjs="public:npmjs", pypi="public:pypi", central="public:maven-central", shared="npmjs pypi central", payments="shared"
    )
    return scene


@pytest.fixture
def publisher(payments: Scene, tmp_path: Path) -> Desk:
    (tmp_path / "publisher").mkdir()
    return Desk(payments, tmp_path / "publisher", payments.role(*TOKEN, READ, PUBLISH))


@pytest.fixture
def reader(payments: Scene, tmp_path: Path) -> Desk:
    (tmp_path / "reader").mkdir()
    return Desk(payments, tmp_path / "reader", payments.role(*TOKEN, READ))


@pytest.mark.slow("mvn's own plugins come from the network")
@pytest.mark.skipif(shutil.which("mvn") is None, reason="mvn is not installed")
def test_maven(publisher: Desk, reader: Desk, tmp_path: Path) -> None:
    """Deploys and resolves."""
    settings = (
        "<settings><servers><server><id>codeartifact</id><username>aws</username>"
        "<password>${env.CODEARTIFACT_AUTH_TOKEN}</password></server></servers></settings>"
    )
    url = publisher.scene.admin.get_repository_endpoint(domain=DOMAIN, repository="payments", format="maven")["repositoryEndpoint"]
    files = maven.artifacts("com.acme.payments:ledger", "1.0.0", {"org.example.open:greeting": "1.1.0"})
    for desk in (publisher, reader):
        desk.folder("work", settings__xml=settings)
        for path, content in files.items():
            (desk.home / "work" / Path(path).name).write_bytes(content)
    deploy = [
        "mvn", "-B", "-q", "-s", "settings.xml", f"-Dmaven.repo.local={tmp_path / 'm2'}", "deploy:deploy-file", f"-Durl={url}",
        "-DrepositoryId=codeartifact", "-Dfile=ledger-1.0.0.jar", "-DpomFile=ledger-1.0.0.pom",
    ]  # fmt: skip
    tokens = {desk.home: publisher.scene.token(publisher.scene.api(desk.credentials)) for desk in (publisher, reader)}
    assert "403" in reader.run(*deploy, folder="work", CODEARTIFACT_AUTH_TOKEN=tokens[reader.home]).stdout
    deployed = publisher.run(*deploy, folder="work", CODEARTIFACT_AUTH_TOKEN=tokens[publisher.home])
    assert deployed.returncode == 0, deployed.stdout
    project = (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>com.acme.shop</groupId>'
        "<artifactId>app</artifactId><version>1</version><packaging>pom</packaging>"
        f"<repositories><repository><id>codeartifact</id><url>{url}</url></repository></repositories><dependencies><dependency>"
        "<groupId>com.acme.payments</groupId><artifactId>ledger</artifactId><version>1.0.0</version></dependency></dependencies></project>"
    )
    (reader.home / "work" / "pom.xml").write_text(project)
    resolve = ["mvn", "-B", "-q", "-s", "settings.xml", f"-Dmaven.repo.local={tmp_path / 'reader'}", "dependency:copy-dependencies"]
    resolved = reader.run(*resolve, folder="work", CODEARTIFACT_AUTH_TOKEN=tokens[reader.home])
    assert resolved.returncode == 0, resolved.stdout
    jars = {path.name for path in (reader.home / "work" / "target" / "dependency").iterdir()}
    assert jars == {"ledger-1.0.0.jar", "greeting-1.1.0.jar", "punctuation-2.0.0.jar"}
