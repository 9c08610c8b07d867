"""The real clients: AWS CLI, npm, pip, twine, and Maven where it is asked for."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from rehearsal.cloud.aws import Credentials
from rehearsal.cloud.public_registries import maven, pypi
from tests.rehearsal.cloud.codeartifact.scene import DOMAIN, TOKEN, Scene, package_arn, repository_arn
from tests.rehearsal.cloud.in_process import REGION, allow

BIN = Path(sys.executable).parent
NPM = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
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

    def login(self, tool: str, repository: str) -> None:
        done = self.run(
            "aws", "codeartifact", "login", "--tool", tool, "--domain", DOMAIN, "--repository", repository, "--duration-seconds", "3600"
        )
        assert done.returncode == 0, done.stderr

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


@NPM
def test_npm(publisher: Desk, reader: Desk) -> None:
    manifest = {"name": "@acme-payments/client", "version": "1.0.0", "dependencies": {"public-greeting": "^1.0.0"}}
    package = publisher.folder("package", package__json=json.dumps(manifest))
    publisher.login("npm", "payments")
    reader.login("npm", "payments")
    refusal = reader.run("npm", "publish", folder=reader.folder("copy", package__json=json.dumps(manifest)))
    assert "403 Forbidden" in refusal.stderr
    assert "codeartifact:PublishPackageVersion on resource" in refusal.stderr
    published = publisher.run("npm", "publish", folder=package)
    assert published.returncode == 0, published.stderr
    assert publisher.run("npm", "publish", folder=package).returncode != 0
    app = reader.folder("app", package__json='{"name": "app", "version": "1.0.0"}')
    installed = reader.run("npm", "install", "@acme-payments/client", folder=app)
    assert installed.returncode == 0, installed.stderr
    found = json.loads((reader.home / "app" / "package-lock.json").read_text())["packages"]
    assert {name.removeprefix("node_modules/") for name in found if name} == {
        "@acme-payments/client",
        "public-greeting",
        "public-punctuation",
    }


def test_twine_and_pip(publisher: Desk, reader: Desk) -> None:
    wheel = pypi.wheel_name("acme-payments-client", "1.0.0")
    (publisher.home / wheel).write_bytes(pypi.wheel("acme-payments-client", "1.0.0", ["public-greeting>=1"]))
    (reader.home / wheel).write_bytes(pypi.wheel("acme-payments-client", "1.0.0", []))
    publisher.login("twine", "payments")
    reader.login("twine", "payments")
    upload = ("twine", "upload", "--disable-progress-bar", "--non-interactive", "-r", "codeartifact", wheel)
    assert "403 Forbidden" in reader.run(*upload).stdout
    uploaded = publisher.run(*upload)
    assert uploaded.returncode == 0, uploaded.stdout
    assert "409 Conflict" in publisher.run(*upload).stdout
    reader.login("pip", "payments")
    installed = reader.run(
        sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--target", "site", "acme-payments-client"
    )
    assert installed.returncode == 0, installed.stderr
    names = {path.name.split("-")[0] for path in (reader.home / "site").glob("*.dist-info")}
    assert names == {"acme_payments_client", "public_greeting", "public_punctuation"}


def test_the_command_line_shows_denials_and_pages(publisher: Desk) -> None:
    listing = ["aws", "codeartifact", "list-repositories-in-domain", "--domain", DOMAIN, "--page-size", "2"]
    assert "codeartifact:ListRepositoriesInDomain on resource: arn:aws:codeartifact" in publisher.run(*listing).stderr
    reader = Desk(publisher.scene, publisher.home, publisher.scene.role(allow("codeartifact:ListRepositoriesInDomain")))
    listed = reader.run(*listing, "--query", "repositories[].name", "--output", "text").stdout.split()
    assert listed == ["central", "npmjs", "payments", "pypi", "shared"]


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
