#!/usr/bin/env bash
# Which direct dependencies of a package version somebody who installs from shared alone would not get. Asks shared as such a client does, so
# what its upstreams have counts.
#
# environment: FORMAT, PACKAGE, VERSION, ALLOW_MISSING, DOMAIN, DOMAIN_OWNER, REGION, REPOSITORY, TOKEN_DURATION (see action.yml), credentials for
# the AWS CLI
set -euo pipefail
export AWS_PAGER=""

here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=../promote/package.sh
source "$here/../promote/package.sh"
# shellcheck source=../publish/login.sh
source "$here/../publish/login.sh"
# Clients read settings from the folder that they run in: an empty one has none.
cd "$(mktemp -d "$RUNNER_TEMP/dependencies.XXXXXX")"
# shellcheck disable=SC2153 # from the environment
domain=(--domain "$DOMAIN" --domain-owner "$DOMAIN_OWNER" --region "$REGION")

# needed: lines "NAME REQUIREMENT" of what somebody who installs the version needs, names as the package manager writes them. What only its
# developers need, an environment brings along, or its author calls optional, is not asked for.
# https://docs.aws.amazon.com/codeartifact/latest/APIReference/API_PackageDependency.html
needed() {
  local answer next more=() optional='[]'
  [[ $FORMAT != npm ]] || optional=$(optional_npm) || exit 1
  while :; do
    answer=$(aws codeartifact list-package-version-dependencies "${domain[@]}" --repository "$REPOSITORY" "${named[@]}" \
      --package-version "$VERSION" --output json "${more[@]}") || stop "can't read the dependencies of $PACKAGE $VERSION in $REPOSITORY"
    jq -r --arg format "$FORMAT" --argjson optional "$optional" '(.dependencies // [])[]
      | select(.dependencyType as $kind | ["dev", "test", "provided", "system", "optional"] | index($kind) | not)
      | (if .namespace == null then .package elif $format == "npm" then "@\(.namespace)/\(.package)" else "\(.namespace):\(.package)" end)
        as $name | select("\(.dependencyType) \($name)" as $one | $optional | index($one) | not)
      | $name + " " + (.versionRequirement // "" | gsub("\\s"; " "))' <<< "$answer"
    next=$(jq -r '.nextToken // ""' <<< "$answer")
    [[ -n $next ]] || return 0
    more=(--next-token "$next")
  done
}

# optional_npm: a JSON list of "KIND NAME" of what package.json says need not be there: optional peers, and what optionalDependencies takes out of
# dependencies. https://docs.npmjs.com/cli/v11/configuring-npm/package-json#peerdependenciesmeta
optional_npm() {
  local version asset
  version=("${domain[@]}" --repository "$REPOSITORY" "${named[@]}" --package-version "$VERSION")
  asset=$(aws codeartifact list-package-version-assets "${version[@]}" --query 'assets[0].name' --output text) ||
    stop "can't list the assets of $PACKAGE $VERSION in $REPOSITORY"
  aws codeartifact get-package-version-asset "${version[@]}" --asset "$asset" package.tgz > /dev/null ||
    stop "can't read $PACKAGE $VERSION in $REPOSITORY"
  # Of a tarball that npm pack did not make, nothing is taken for optional.
  python3 "$here/../publish/tarball.py" package.tgz |
    jq -ce '[(.peerDependenciesMeta | objects | to_entries[] | select(.value.optional? == true) | "peer \(.key)"),
      (.optionalDependencies | objects | keys[] | "regular \(.)")]' || printf '[]'
}

# Each prints nothing if shared has what is needed, and else why not.

missing_npm() {
  local answer spec=$1@$2
  # Anything else than a version, range, tag or alias leads past the registry, and npm would follow it.
  [[ $2 =~ ^(npm:(@[^:/\\]+/)?[^:/\\]+|[^:/\\]*)$ && $1 =~ ^(@[^@:/\\]+/)?[^@:/\\]+$ ]] || {
    printf 'not from a registry'
    return
  }
  [[ $2 != npm:* ]] || spec=${2#npm:}
  if ! answer=$(npm view --json -- "$spec" version 2> errors); then
    grep -q 'code E404' errors || stop "npm can't ask for $spec: $(tail -n 3 errors)"
    # Newer npm: an error also where the package is there.
    if grep -q 'No match found' errors; then printf 'no such version'; else printf 'not there'; fi
  elif [[ -z $answer ]]; then
    printf 'no such version'
  fi
}

missing_pypi() {
  get "simple/$1/" || {
    printf 'not there'
    return
  }
  python "$here/satisfied.py" "$1" "$2" < answer || printf 'no such version'
}

missing_maven() {
  local path=${1%%:*}
  get "${path//.//}/${1#*:}/maven-metadata.xml" || {
    printf 'not there'
    return
  }
  # A range, or a version that a parent or a property gives, is left to Maven.
  [[ ! $2 =~ ^[A-Za-z0-9._+-]+$ ]] || grep -qF "<version>$2</version>" answer || printf 'no such version'
}

# get PATH: write what shared answers to the file answer; fails if there is no such thing. The token goes in by standard input, where no other
# process of the machine can read it.
get() {
  local status
  status=$(printf 'user = "aws:%s"\n' "$token" | curl --silent --show-error --location --retry 3 --max-time 60 --config - \
    --output answer --write-out '%{http_code}' "$address$1") || stop "$SHARED can't be asked for $1"
  case $status in
    200) ;;
    404) return 1 ;;
    *) stop "$SHARED answers $status for $1" ;;
  esac
}

if [[ $FORMAT == cargo || $FORMAT == nuget ]]; then
  # AWS does not say what it lists of these as dependencies.
  printf 'What %s %s needs is not looked up for format %s: see that %s has it.\n' "$PACKAGE" "$VERSION" "$FORMAT" "$SHARED" | tee -a "$GITHUB_STEP_SUMMARY"
  exit
fi
[[ $FORMAT != generic ]] || exit 0 # files need nothing
lines=$(needed)
if [[ $FORMAT == npm ]]; then
  REPOSITORY=$SHARED login npm
else
  address=$(REPOSITORY=$SHARED endpoint)
  fetch_token
fi

missing=""
while read -r dependency requirement; do
  [[ -n $dependency ]] || continue
  [[ $FORMAT != pypi ]] || ! python "$here/optional.py" "$dependency" "$requirement" || continue
  why=$("missing_$FORMAT" "$dependency" "$requirement")
  # What a reviewer reads is nothing but names.
  [[ -z $why ]] || missing+="${dependency//[^A-Za-z0-9@\/._:-]/?} ${requirement//[^A-Za-z0-9@\/._:^~<>=!*, -]/?} ($why)"$'\n'
done <<< "$lines"

if [[ -z $missing ]]; then
  printf 'Those who install %s %s from %s get all that it needs.\n' "$PACKAGE" "$VERSION" "$SHARED" | tee -a "$GITHUB_STEP_SUMMARY"
  exit
fi
# shellcheck disable=SC2016 # Markdown's backticks
printf '### %s lacks what %s %s needs\n\n```\n%s```\n' "$SHARED" "$PACKAGE" "$VERSION" "$missing" | tee -a "$GITHUB_STEP_SUMMARY"
[[ $ALLOW_MISSING == true ]] || stop "who installs $PACKAGE $VERSION from $SHARED would not get what it needs: ${missing//$'\n'/; }promote that \
first, or set the input allow-missing-dependencies"
printf '::warning title=Promotion::%s lacks %s\n' "$SHARED" "${missing//$'\n'/; }"
