#!/usr/bin/env bash
# Copy one reviewed revision of a package version to the shared repository.
#
# environment: FORMAT, PACKAGE, VERSION, REVISION, LOWER_LATEST, DOMAIN, DOMAIN_OWNER, REGION, REPOSITORY (see action.yml), credentials for the AWS CLI
set -euo pipefail
export AWS_PAGER=""

SHARED=shared

stop() {
  printf '::error title=Promotion::%s\n' "${1//$'\n'/ }" >&2
  exit 1
}

# shellcheck source=../promote/package.sh
source "$(dirname "${BASH_SOURCE[0]}")/package.sh"
[[ $REVISION =~ ^[A-Za-z0-9+/=_.:-]{1,50}$ ]] || stop "not a revision: $REVISION"
[[ $REPOSITORY != "$SHARED" ]] || stop "this repository's team has no repository to promote from"

registry=(--domain "$DOMAIN" --domain-owner "$DOMAIN_OWNER" --region "$REGION" --output json)

# assets REPOSITORY: what it holds of this version, as lines "ASSET SHA256"
assets() {
  aws codeartifact list-package-version-assets "${registry[@]}" --repository "$1" "${named[@]}" --package-version "$VERSION" |
    jq -r '.assets[] | "\(.name) \(.hashes["SHA-256"])"' | sort
}

# versions REPOSITORY: those that it holds of this package, as JSON
versions() {
  local errors=$RUNNER_TEMP/errors
  if aws codeartifact list-package-versions "${registry[@]}" --repository "$1" "${named[@]}" 2> "$errors"; then
    return
  elif grep -q '(ResourceNotFoundException)' "$errors"; then
    printf '{}'
  else
    stop "$(< "$errors")"
  fi
}

# latest REPOSITORY: the version that its tag latest names, or, without that tag, the one that was published last
# https://docs.aws.amazon.com/codeartifact/latest/APIReference/API_ListPackageVersions.html
latest() {
  # The CLI's own paging would leave it out.
  aws codeartifact list-package-versions "${registry[@]}" --repository "$1" "${named[@]}" --no-paginate --max-results 1 |
    jq -r '.defaultDisplayVersion // ""'
}

# A copied version takes its tags along, and nothing else sets tags in shared: its policy lets nobody write there.
# https://docs.aws.amazon.com/codeartifact/latest/ug/npm-tags.html
check_latest() {
  local newest there="" lower
  newest=$(latest "$REPOSITORY")
  [[ $held == '{}' ]] || there=$(latest "$SHARED")
  lower=$(node "$(dirname "${BASH_SOURCE[0]}")/lower.cjs" "$VERSION" "$there")
  if [[ $newest == "$VERSION" ]]; then
    [[ -z $lower || $LOWER_LATEST == true ]] ||
      stop "$PACKAGE $VERSION is latest in $REPOSITORY, and would be in $SHARED, where that is $there: everybody would install the lower \
version. Give latest in $REPOSITORY to a higher version, or, if you want that, set the input lower-latest"
  elif [[ -z $lower ]]; then
    printf '::notice title=Promotion::%s %s is not latest in %s (%s is), so latest in %s stays %s\n' \
      "$PACKAGE" "$VERSION" "$REPOSITORY" "$newest" "$SHARED" "${there:-unset}"
  fi
}

described=$(aws codeartifact describe-package-version "${registry[@]}" --repository "$REPOSITORY" "${named[@]}" --package-version "$VERSION") ||
  stop "can't read $PACKAGE $VERSION in $REPOSITORY"
current=$(jq -r .packageVersion.revision <<< "$described")
[[ $current == "$REVISION" ]] || stop "$PACKAGE $VERSION has changed since it was reviewed: revision $REVISION was, $current is there now"
status=$(jq -r .packageVersion.status <<< "$described")
[[ $status == Published ]] || stop "$PACKAGE $VERSION is $status, not Published"

result=promoted
held=$(versions "$SHARED")
if jq -e --arg version "$VERSION" 'any(.versions[]?; .version == $version)' <<< "$held" > /dev/null; then
  result=unchanged
elif [[ $FORMAT == npm ]]; then
  check_latest
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
