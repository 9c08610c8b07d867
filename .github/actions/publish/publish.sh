#!/usr/bin/env bash
# Publish packed packages of one format to one CodeArtifact repository.
#
# environment: FORMAT, DIRECTORY, NPM_TAG, DOMAIN, DOMAIN_OWNER, REGION, REPOSITORY, TOKEN_DURATION (see action.yml), credentials for the AWS CLI
set -euo pipefail
shopt -s nullglob
export AWS_PAGER=""

here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=stored.sh
source "$here/stored.sh"
# shellcheck source=login.sh
source "$here/login.sh"

DIRECTORY=$(cd "$DIRECTORY" && pwd)
# Clients read settings from the folder that they run in: an empty one has none.
empty=$(mktemp -d "$RUNNER_TEMP/publish.XXXXXX")
cd "$empty"

case $FORMAT in
  npm | pypi | maven)
    # shellcheck source=/dev/null
    source "$here/$FORMAT.sh"
    ;;
  *) stop "the format is npm, pypi or maven, not $FORMAT" ;;
esac

published='[]'

# report NAMESPACE PACKAGE VERSION RESULT ANSWER: add a version to the job's outcome, with the revision that a promotion names.
report() {
  local revision
  revision=$(jq -er .versionRevision <<< "$5") || stop "$(title "$@") is published, but has no revision"
  published=$(jq -c --arg namespace "$1" --arg package "$2" --arg version "$3" --arg result "$4" --arg revision "$revision" \
    '. + [{namespace: $namespace, package: $package, version: $version, revision: $revision, result: $result}]' <<< "$published")
  printf '%s %s, revision %s\n' "$(title "$@")" "$4" "$revision"
}

# publish_once NAMESPACE PACKAGE VERSION EXPECTED: publish unless it is there. EXPECTED: lines "ASSET SHA256", sorted; `upload` then gets
# what is there of them as a fifth.
publish_once() {
  local expected=$4 answer state
  answer=$(stored "$1" "$2" "$3")
  state=$(compare "$expected" "$answer")
  case $state in
    identical)
      report "$1" "$2" "$3" unchanged "$answer"
      printf '::notice title=Already published::%s is already in %s with the same content; nothing to do\n' "$(title "$@")" "$REPOSITORY"
      return
      ;;
    different)
      printf 'stored:\n%s\npacked:\n%s\n' "$(assets "$answer")" "$expected" >&2
      stop "$(title "$@") is already in $REPOSITORY with other content ($(difference "$expected" "$answer")). A version never changes: give \
this one a new number"
      ;;
  esac
  # For owner.sh, if this fails.
  printf '%s\n' "$1" "$2" > "$RUNNER_TEMP/uploading"
  upload "$1" "$2" "$3" "$expected" "$(assets "$answer")"
  answer=$(stored "$1" "$2" "$3")
  state=$(compare "$expected" "$answer")
  [[ $state == identical ]] ||
    stop "$(title "$@") was published, but what is stored is not what was packed ($(difference "$expected" "$answer"))"
  report "$1" "$2" "$3" published "$answer"
}

publish_all

{
  printf '### Published to %s\n\n| package | version | revision | |\n| --- | --- | --- | --- |\n' "$REPOSITORY"
  jq -r '.[] | "| \(if .namespace == "" then .package else "\(.namespace) \(.package)" end) | \(.version) | `\(.revision)` | \(.result) |"' <<< "$published"
} >> "$GITHUB_STEP_SUMMARY"
printf 'packages=%s\n' "$published" >> "$GITHUB_OUTPUT"
