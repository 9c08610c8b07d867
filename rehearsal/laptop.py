"""A developer's laptop: signed in to IAM Identity Center as `aws sso login` leaves it, with the AWS CLI, npm and package-login."""

import hashlib
import json
from pathlib import Path
from typing import Any

from policies.owned_names import Format
from rehearsal import clients, identity_center
from rehearsal.clients import Credentials, Shell
from rehearsal.scenario import Denied
from rehearsal.world import World

PACKAGE_LOGIN = Path(__file__).resolve().parent.parent / "developers" / "package-login"
_SESSION, _PROFILE = "company", "packages"
_NO_ACCESS = "ForbiddenException"


def sign_in(world: World, user: str) -> dict[str, Any]:
    """What a user has after `aws sso login`: access token, start URL, region, end."""
    where = identity_center.place(world.settings, world.registry)
    if where is None:
        raise ValueError(f"stack {world.settings.stack}: got no developers; expected the key developers")
    return world.control.post("identity-center/sign-ins", account=where.account, region=where.region, user=user)


def session(world: World, user: str, permission_set: str) -> Credentials:
    """The user's session of a permission set in the registry's account. Raises Denied if it is not the user's."""
    signed_in = sign_in(world, user)
    portal = clients.aws(world.place.endpoint, signed_in["region"], "sso", None)
    try:
        issued = portal.get_role_credentials(roleName=permission_set, accountId=world.place.account, accessToken=signed_in["access_token"])[
            "roleCredentials"
        ]
    except portal.exceptions.ClientError as error:
        if error.response["Error"]["Code"] == _NO_ACCESS:
            raise Denied(f"{_NO_ACCESS}: {error.response['Error']['Message']}") from None
        raise
    return Credentials(issued["accessKeyId"], issued["secretAccessKey"], issued["sessionToken"])


def laptop(world: World, user: str, permission_set: str, repository: str) -> Shell:
    """A shell with the profile of the AWS CLI and the settings of package-login of docs/developers.md."""
    shell, signed_in = world.shell(f"laptop-{user}"), sign_in(world, user)
    aws = shell.home / ".aws"
    (aws / "sso" / "cache").mkdir(parents=True)
    place = world.place
    where = f"sso_session = {_SESSION}\nsso_account_id = {place.account}\nsso_role_name = {permission_set}\nregion = {place.region}\n"
    sso = f"sso_region = {signed_in['region']}\nsso_start_url = {signed_in['start_url']}\n"
    (aws / "config").write_text(f"[profile {_PROFILE}]\n{where}\n[sso-session {_SESSION}]\n{sso}")
    kept = {name: signed_in[key] for name, key in (("startUrl", "start_url"), ("accessToken", "access_token"), ("expiresAt", "expires_at"))}
    cache = aws / "sso" / "cache" / f"{hashlib.sha1(_SESSION.encode()).hexdigest()}.json"
    cache.write_text(json.dumps({**kept, "region": signed_in["region"]}))
    domain = {"domain": world.settings.domain.name, "owner": world.place.account, "region": world.place.region}
    names = [name.text for team in world.settings.teams for name in team.owns.get(Format.NPM, ())]
    scopes = ",".join(sorted({name.partition("/")[0] for name in names if name.startswith("@")}))
    values = {
        **domain,
        "repository": repository,
        "scopes": scopes,
        "profile": _PROFILE,
        "duration": world.settings.token_duration,
        "margin": 60,
    }
    (shell.home / ".package-login").write_text("".join(f"{key}={value}\n" for key, value in values.items()))
    return shell


def package_login(shell: Shell, *arguments: str) -> str:
    """Run package-login on it."""
    return shell.run("sh", str(PACKAGE_LOGIN), *arguments).strip()
