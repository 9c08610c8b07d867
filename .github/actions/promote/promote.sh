#!/usr/bin/env bash
# Copy one reviewed revision of a package version to the shared repository.
#
# environment: FORMAT, PACKAGE, VERSION, REVISION, LOWER_LATEST, DOMAIN, DOMAIN_OWNER, REGION, REPOSITORY, TOKEN_DURATION (see action.yml), credentials
# for the AWS CLI
set -euo pipefail
export AWS_PAGER=""

here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=package.sh
source "$here/package.sh"
# shellcheck source=../publish/login.sh
source "$here/../publish/login.sh"
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

# published ANSWER: the versions of `versions` that are there for everybody
published() {
  jq -r '.versions[]? | select(.status == "Published").version' <<< "$1" | sort
}

# dist_tags [/TAG VERSION]: the package's tags in shared, as JSON; sets one first. Without npm, which takes a package without a tag for an error. The
# token goes in by standard input, where no other process of the machine can read it.
# https://docs.aws.amazon.com/codeartifact/latest/ug/npm-tags.html#editing-tags-with-the-npm-client
dist_tags() {
  local answer put=()
  [[ $# == 0 ]] || put=(--request PUT --header 'Content-Type: application/json' --data "\"$2\"")
  answer=$(printf 'header = "Authorization: Bearer %s"\n' "$token" | curl --silent --show-error --fail-with-body --max-time 60 --config - \
    "${put[@]}" "$address-/package/${PACKAGE/\//%2f}/dist-tags${1:-}") || stop "$SHARED refuses the dist-tags of $PACKAGE: $answer"
  printf '%s' "$answer"
}

# latest: the version that the tag latest of shared names, if there is one
latest() {
  dist_tags | jq -r '.latest // ""'
}

# A copied version takes its tags along, latest too.
check_latest() {
  local newest there=""
  # The CLI's own paging would leave it out: the version that latest names.
  # https://docs.aws.amazon.com/codeartifact/latest/APIReference/API_ListPackageVersions.html
  newest=$(aws codeartifact list-package-versions "${registry[@]}" --repository "$REPOSITORY" "${named[@]}" --no-paginate --max-results 1 |
    jq -r '.defaultDisplayVersion // ""')
  [[ $held == '{}' ]] || there=$(latest)
  [[ $newest != "$VERSION" || $LOWER_LATEST == true || $(node "$here/latest.cjs" "$VERSION" "$there") == "$VERSION" ]] ||
    stop "$PACKAGE $VERSION is latest in $REPOSITORY, and would be in $SHARED, where that is $there: everybody would install the lower \
version. Give latest in $REPOSITORY to a higher version, or, if you want that, set the input lower-latest"
}

# Without this, npm would go on installing what latest names wherever a range allows it, and nothing where latest is not set. Another promotion may
# be between its copy and its tag: what came to shared meanwhile counts too, and latest is read again after it was set.
set_latest() {
  local there wanted come highest
  for _ in 1 2 3 4 5; do
    there=$(latest)
    mapfile -t come < <(comm -13 <(published "$held") <(published "$(versions "$SHARED")"))
    wanted=$(node "$here/latest.cjs" "$VERSION" "$there" "${come[@]}")
    [[ $LOWER_LATEST != true || $VERSION == *-* ]] || wanted=$VERSION
    # A pre-release is for who requests it.
    if [[ $wanted == "$there" || $wanted == *-* ]]; then
      mapfile -t come < <(published "$held")
      highest=$(node "$here/latest.cjs" "$there" "${come[@]}")
      [[ $highest == "$there" || $highest == *-* ]] ||
        printf '::notice title=Promotion::latest of %s in %s is %s, although %s is there: promote that again if latest should name it\n' \
          "$PACKAGE" "$SHARED" "${there:-not set}" "$highest"
      printf 'latest of %s in %s is %s\n' "$PACKAGE" "$SHARED" "${there:-not set}"
      return
    fi
    dist_tags /latest "$wanted" > /dev/null
  done
  stop "latest of $PACKAGE in $SHARED keeps changing: it is $there, and $wanted is wanted. Run this again when no other promotion is under way"
}

described=$(aws codeartifact describe-package-version "${registry[@]}" --repository "$REPOSITORY" "${named[@]}" --package-version "$VERSION") ||
  stop "can't read $PACKAGE $VERSION in $REPOSITORY"
current=$(jq -r .packageVersion.revision <<< "$described")
[[ $current == "$REVISION" ]] || stop "$PACKAGE $VERSION has changed since it was reviewed: revision $REVISION was, $current is there now"
status=$(jq -r .packageVersion.status <<< "$described")
[[ $status == Published ]] || stop "$PACKAGE $VERSION is $status, not Published"

result=promoted
held=$(versions "$SHARED")
if [[ $FORMAT == npm ]]; then
  address=$(REPOSITORY=$SHARED endpoint)
  fetch_token
fi
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

[[ $FORMAT != npm ]] || set_latest

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
