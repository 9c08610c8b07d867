#!/usr/bin/env bash
# Publish packed packages of one format to one CodeArtifact repository: all that are new, each after those that it needs.
#
# environment: FORMAT, DIRECTORY, NPM_TAG, DOMAIN, DOMAIN_OWNER, REGION, REPOSITORY, TOKEN_DURATION (see action.yml), credentials for the AWS CLI
set -euo pipefail
export AWS_PAGER=""

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=stored.sh
source "$here/stored.sh"
# shellcheck source=login.sh
source "$here/login.sh"

DIRECTORY=$(cd "$DIRECTORY" && pwd)
# Clients read settings from the folder that they run in: an empty one has none.
empty=$(mktemp -d "$RUNNER_TEMP/publish.XXXXXX")
cd "$empty"

# conflict NAMESPACE PACKAGE VERSION: why the version can't be published although it is not there, in words
conflict() { :; }
# A format is a file formats/FORMAT.py, which says what is in DIRECTORY, and this one, with `upload`.
[[ $FORMAT =~ ^[a-z]+$ && -f $here/formats/$FORMAT.sh ]] || stop "got format $FORMAT; expected one that this action publishes"
# shellcheck source=/dev/null
source "$here/formats/$FORMAT.sh"

python3 "$here/packages.py" "$FORMAT" "$DIRECTORY" > "$RUNNER_TEMP/packages.jsonl" 2> "$RUNNER_TEMP/refused.txt" ||
  stop "$(tail -n 1 "$RUNNER_TEMP/refused.txt")"
mapfile -t packages < "$RUNNER_TEMP/packages.jsonl"
# By title: what became of a version (unchanged, published or failed; nothing where it was not its turn), what is there of it.
declare -A became=() there=()

# each FUNCTION: call it with NAMESPACE PACKAGE VERSION EXPECTED (lines "ASSET SHA256", sorted) of every package, in order; `title`, `folder` and
# `files` are set.
each() {
  local one it expected
  for one in "${packages[@]}"; do
    mapfile -t it < <(jq -r '.namespace, .name, .version, .title, .folder' <<< "$one")
    # shellcheck disable=SC2034 # the formats'
    title=${it[3]} folder=${it[4]}
    # shellcheck disable=SC2034
    mapfile -t files < <(jq -r '.files[]' <<< "$one")
    expected=$(jq -r '.assets | to_entries[] | "\(.key) \(.value)"' <<< "$one" | sort)
    "$1" "${it[0]}" "${it[1]}" "${it[2]}" "$expected"
  done
}

problems=()
# Everything is looked at before anything is published.
look() {
  local why=""
  there[$title]=$(stored "$1" "$2" "$3")
  case $(compare "$4" "${there[$title]}") in
    identical)
      became[$title]=unchanged
      printf '::notice title=Already published::%s is already in %s with the same content; nothing to do\n' "$title" "$REPOSITORY"
      ;;
    different)
      printf 'stored:\n%s\npacked:\n%s\n' "$(assets "${there[$title]}")" "$4" >&2
      why="is already in $REPOSITORY with other content ($(difference "$4" "${there[$title]}"))"
      ;;
    absent) why=$(conflict "$1" "$2" "$3") ;;
  esac
  [[ -z $why ]] || problems+=("$title $why. A version never changes: give this one a new number")
}

publish() {
  [[ ${became[$title]:-} != unchanged ]] || return 0
  became[$title]=failed
  # For owner.sh, if this fails.
  printf '%s\n' "$1" "$2" > "$RUNNER_TEMP/uploading"
  upload "$1" "$2" "$3" "$4" "$(assets "${there[$title]}")"
  there[$title]=$(stored "$1" "$2" "$3")
  [[ $(compare "$4" "${there[$title]}") == identical ]] ||
    stop "$title was published, but what is stored is not what was packed ($(difference "$4" "${there[$title]}"))"
  became[$title]=published
}

# The job's outcome, for people and for later jobs, also where it failed half-way: what is there, and what is not.
outcome='[]'
report() {
  local result=${became[$title]:-not published} revision=""
  if [[ $result == published || $result == unchanged ]]; then
    revision=$(jq -er .versionRevision <<< "${there[$title]}") || stop "$title is published, but has no revision"
    outcome=$(jq -c --arg namespace "$1" --arg package "$2" --arg version "$3" --arg result "$result" --arg revision "$revision" \
      '. + [{namespace: $namespace, package: $package, version: $version, revision: $revision, result: $result}]' <<< "$outcome")
  fi
  printf '%s %s%s\n' "$title" "$result" "${revision:+, revision $revision}"
  printf '| %s | %s | %s | %s |\n' "${1:+$1 }$2" "$3" "${revision:+\`$revision\`}" "$result" >> "$GITHUB_STEP_SUMMARY"
}

# A failure says which versions are there now: the next run finds them unchanged.
say_how_far() {
  local title done="" missing=""
  while read -r title; do
    case ${became[$title]:-} in
      published) done+=", $title" ;;
      unchanged) ;;
      *) missing+=", $title" ;;
    esac
  done < <(jq -r .title "$RUNNER_TEMP/packages.jsonl")
  [[ -z $done || -z $missing ]] || printf '::error title=Publish::published before the failure: %s; not published: %s. Run the job again for these\n' \
    "${done#, }" "${missing#, }" >&2
}

# shellcheck disable=SC2034 # login.sh's
at_end=finish
finish() {
  printf '### Published to %s\n\n| package | version | revision | |\n| --- | --- | --- | --- |\n' "$REPOSITORY" >> "$GITHUB_STEP_SUMMARY"
  each report
  say_how_far
  printf 'packages=%s\n' "$outcome" >> "$GITHUB_OUTPUT"
}

trap finish EXIT
each look
if [[ ${#problems[@]} -gt 0 ]]; then
  printf '::error title=Publish::%s\n' "${problems[@]}" >&2
  exit 1
fi
each publish
