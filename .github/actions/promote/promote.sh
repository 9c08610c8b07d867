#!/usr/bin/env bash
# Copy one reviewed revision of a package version to the shared repository.
#
# environment: FORMAT, PACKAGE, VERSION, REVISION, DOMAIN, DOMAIN_OWNER, REGION, REPOSITORY (see action.yml), credentials for the AWS CLI
set -euo pipefail
export AWS_PAGER=""

SHARED=shared

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
  *) stop "the format is npm, pypi or maven, not $FORMAT" ;;
esac
[[ $VERSION =~ ^[0-9A-Za-z][0-9A-Za-z.!+_-]*$ ]] || stop "not a version: $VERSION"
[[ $REVISION =~ ^[A-Za-z0-9+/=_.:-]{1,50}$ ]] || stop "not a revision: $REVISION"
[[ $REPOSITORY != "$SHARED" ]] || stop "this repository's team has no repository to promote from"

registry=(--domain "$DOMAIN" --domain-owner "$DOMAIN_OWNER" --region "$REGION" --output json)
named=(--format "$FORMAT" --package "$name")
[[ -z $namespace ]] || named+=(--namespace "$namespace")

# assets REPOSITORY: what it holds of this version, as lines "ASSET SHA256"
assets() {
  aws codeartifact list-package-version-assets "${registry[@]}" --repository "$1" "${named[@]}" --package-version "$VERSION" |
    jq -r '.assets[] | "\(.name) \(.hashes["SHA-256"])"' | sort
}

# present REPOSITORY: whether it holds this version
present() {
  local found
  found=$(aws codeartifact list-package-versions "${registry[@]}" --repository "$1" "${named[@]}" 2> "$RUNNER_TEMP/errors") ||
    if grep -q '(ResourceNotFoundException)' "$RUNNER_TEMP/errors"; then return 1; else stop "$(< "$RUNNER_TEMP/errors")"; fi
  jq -e --arg version "$VERSION" 'any(.versions[]; .version == $version)' <<< "$found" > /dev/null
}

described=$(aws codeartifact describe-package-version "${registry[@]}" --repository "$REPOSITORY" "${named[@]}" --package-version "$VERSION") ||
  stop "can't read $PACKAGE $VERSION in $REPOSITORY"
current=$(jq -r .packageVersion.revision <<< "$described")
[[ $current == "$REVISION" ]] || stop "$PACKAGE $VERSION has changed since it was reviewed: revision $REVISION was, $current is there now"
status=$(jq -r .packageVersion.status <<< "$described")
[[ $status == Published ]] || stop "$PACKAGE $VERSION is $status, not Published"

result=promoted
if present "$SHARED"; then
  result=unchanged
fi

# Pinned to the revision, so that a change between the look above and the copy fails. Overwriting is never asked for.
revisions=$(jq -nc --arg version "$VERSION" --arg revision "$REVISION" '{($version): $revision}')
answer=$(aws codeartifact copy-package-versions "${registry[@]}" --source-repository "$REPOSITORY" --destination-repository "$SHARED" \
  "${named[@]}" --version-revisions "$revisions") || stop "$PACKAGE $VERSION was not copied"
# The CLI succeeds also where a version failed.
failed=$(jq -r '(.failedVersions // {}) | to_entries[] | "\(.key): \(.value.errorCode) (\(.value.errorMessage // ""))"' <<< "$answer")
[[ -z $failed ]] || stop "$PACKAGE was not copied: $failed. A version in $SHARED is never overwritten"

source_assets=$(assets "$REPOSITORY")
shared_assets=$(assets "$SHARED")
[[ -n $source_assets && $source_assets == "$shared_assets" ]] || stop "$PACKAGE $VERSION in $SHARED is not what $REPOSITORY holds"

printf '%s %s, revision %s: %s\n' "$PACKAGE" "$VERSION" "$REVISION" "$result"
{
  if [[ $result == promoted ]]; then
    printf '### Promoted to %s\n\n' "$SHARED"
  else
    printf '### Already in %s, with the same content\n\n' "$SHARED"
  fi
  # shellcheck disable=SC2016 # Markdown's backticks
  printf '| package | version | revision | from |\n| --- | --- | --- | --- |\n| %s | %s | `%s` | %s |\n\n' "$PACKAGE" "$VERSION" "$REVISION" "$REPOSITORY"
  # shellcheck disable=SC2016
  printf '```\n%s\n```\n' "$shared_assets"
} >> "$GITHUB_STEP_SUMMARY"
printf 'result=%s\n' "$result" >> "$GITHUB_OUTPUT"
