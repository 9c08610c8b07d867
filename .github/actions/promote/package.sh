# shellcheck shell=bash
# What a promotion is about, for promote.sh and shared-dependencies.sh, which source this: FORMAT and PACKAGE, as the package manager writes it, in
# CodeArtifact's terms: `namespace` (may be empty), `name`, and `named`, options of the AWS CLI.
# What the domain calls the shared repository, from the constants of this repository (never from the caller's variables).
# shellcheck disable=SC2034 # theirs
SHARED=$(jq -er --arg domain "$DOMAIN" --arg owner "$DOMAIN_OWNER" --arg region "$REGION" \
  'first(.[] | select(.domain == $domain and .domainOwner == $owner and .region == $region)) | .shared // "shared"' \
  "$(dirname "${BASH_SOURCE[0]}")/../registry/registry.json")

stop() {
  printf '::error title=Promotion::%s\n' "${1//$'\n'/ }" >&2
  exit 1
}

case $FORMAT in
  npm)
    [[ $PACKAGE =~ ^(@([a-z0-9][a-z0-9._-]*)/)?([a-z0-9][a-z0-9._-]*)$ ]] || stop "not the name of an npm package: $PACKAGE"
    namespace=${BASH_REMATCH[2]} name=${BASH_REMATCH[3]}
    ;;
  pypi)
    [[ $PACKAGE =~ ^[a-z0-9]+(-[a-z0-9]+)*$ ]] || stop "not the normalised name of a Python package: $PACKAGE"
    namespace="" name=$PACKAGE
    ;;
  maven)
    [[ $PACKAGE =~ ^([A-Za-z0-9_.-]+):([A-Za-z0-9_.-]+)$ ]] || stop "not group:artifact: $PACKAGE"
    namespace=${BASH_REMATCH[1]} name=${BASH_REMATCH[2]}
    ;;
  cargo)
    [[ $PACKAGE =~ ^[A-Za-z][A-Za-z0-9_-]*$ ]] || stop "not the name of a crate: $PACKAGE"
    namespace="" name=$PACKAGE
    ;;
  nuget)
    [[ $PACKAGE =~ ^[a-z0-9_]+([.-][a-z0-9_]+)*$ ]] || stop "not the id of a NuGet package in lower case: $PACKAGE"
    namespace="" name=$PACKAGE
    ;;
  generic)
    [[ $PACKAGE =~ ^([A-Za-z0-9._-]+)/([A-Za-z0-9._-]+)$ ]] || stop "not namespace/name: $PACKAGE"
    namespace=${BASH_REMATCH[1]} name=${BASH_REMATCH[2]}
    ;;
  *) stop "the format is npm, pypi, maven, cargo, nuget or generic, not $FORMAT" ;;
esac
[[ $VERSION =~ ^[0-9A-Za-z][0-9A-Za-z.!+_-]*$ ]] || stop "not a version: $VERSION"
# shellcheck disable=SC2034 # theirs
named=(--format "$FORMAT" --package "$name")
[[ -z $namespace ]] || named+=(--namespace "$namespace")
