#!/usr/bin/env bash
# Fetch a package's dependencies into an archive. Files of the package are read as data alone: lists of names and versions are copied to an
# empty folder, because settings files, build scripts, editable or VCS requirements and build extensions would be code.
#
# environment: FORMAT, DIRECTORY, MAVEN_DEPENDENCIES, DESTINATION (see action.yml)
set -euo pipefail

stop() {
  printf '::error title=Private dependencies::%s\n' "$1" >&2
  exit 1
}

package=$(cd "$DIRECTORY" && pwd) || stop "there is no folder $DIRECTORY"
work=$(mktemp -d "$RUNNER_TEMP/dependencies.XXXXXX")
cd "$work"

fetch_npm() {
  [[ -f $package/package.json && -f $package/package-lock.json ]] || stop "package.json and package-lock.json are needed in $DIRECTORY"
  cp "$package/package.json" "$package/package-lock.json" .
  jq -e '.workspaces | not' package.json > /dev/null || stop "workspaces are not supported here"
  local elsewhere
  elsewhere=$(jq -r '[.packages | to_entries[] | select(.key != "") | select(.value.link or ((.value.resolved // "https:") | test("^https?:") | not))
    | .key] | join(", ")' package-lock.json)
  [[ -z $elsewhere ]] || stop "these do not come from the registry: $elsewhere"
  npm ci --ignore-scripts --no-audit --no-fund
  mkdir -p node_modules
  tar -cf "$DESTINATION" node_modules
}

# One requirement: NAME[EXTRAS]SPECIFIERS ; MARKERS, and hashes. No URL, no path, no option: those can run code.
requirement='^[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9._, -]*\])?[[:space:]]*([=<>!~]=?=?[[:space:]]*[A-Za-z0-9.*+!_-]+[[:space:]]*,?[[:space:]]*)*'
requirement+='(;[^@/\\]*)?([[:space:]]*--hash=sha256:[0-9a-f]{64})*[[:space:]]*$'

fetch_pypi() {
  [[ -f $package/requirements.txt ]] || stop "requirements.txt is needed in $DIRECTORY: it names all that the build installs"
  sed -E -e ':a' -e '/\\$/N; s/\\\n//; ta' -e 's/(^|[[:space:]])#.*$//' "$package/requirements.txt" | sed -E '/^[[:space:]]*$/d' > requirements.txt
  local line
  while IFS= read -r line; do
    [[ $line =~ $requirement ]] || stop "not a plain requirement (name, version, hashes): $line"
  done < requirements.txt
  mkdir wheels
  python -m pip download --quiet --disable-pip-version-check --only-binary :all: --dest wheels --requirement requirements.txt
  tar -cf "$DESTINATION" wheels
}

fetch_maven() {
  local line repository=$work/repository found=""
  mkdir "$repository"
  while IFS= read -r line; do
    [[ -n $line ]] || continue
    [[ $line =~ ^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+:[A-Za-z0-9_.+-]+$ ]] || stop "not GROUP:ARTIFACT:VERSION: $line"
    mvn --batch-mode --no-transfer-progress --quiet "-Dmaven.repo.local=$repository" \
      org.apache.maven.plugins:maven-dependency-plugin:3.8.1:get "-Dartifact=$line"
    found=1
  done <<< "$MAVEN_DEPENDENCIES"
  [[ -n $found ]] || stop "name the private artifacts in the input maven-dependencies"
  # Without these notes of where a file came from, Maven takes it as installed and does not ask a registry for it.
  find "$repository" \( -name _remote.repositories -o -name '*.lastUpdated' -o -name 'resolver-status.properties' \) -delete
  tar -cf "$DESTINATION" repository
}

case $FORMAT in
  npm) fetch_npm ;;
  pypi) fetch_pypi ;;
  maven) fetch_maven ;;
  *) stop "the format is npm, pypi or maven, not $FORMAT" ;;
esac
