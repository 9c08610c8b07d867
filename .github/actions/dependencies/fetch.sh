#!/usr/bin/env bash
# Fetch a package's dependencies into an archive. Files of the package are read as data alone: lists of names and versions are copied to an
# empty folder, because settings files, build scripts, editable or VCS requirements and build extensions would be code.
#
# environment: FORMAT, DIRECTORY, MAVEN_DEPENDENCIES, DESTINATION (see action.yml)
set -euo pipefail
# Patterns mean ASCII: other blanks and letters would be read otherwise by what they are handed to.
export LC_ALL=C

stop() {
  printf '::error title=Private dependencies::%s\n' "$1" >&2
  exit 1
}

package=$(cd "$DIRECTORY" && pwd) || stop "there is no folder $DIRECTORY"
work=$(mktemp -d "$RUNNER_TEMP/dependencies.XXXXXX")
mkdir -p "$(dirname "$DESTINATION")"
cd "$work"

# A specifier that leads elsewhere than to the registry is a URL, a path or a repository on a host. An alias (npm:NAME@VERSION) does not.
# shellcheck disable=SC2016 # jq's variables
definitions='def plain: type == "string" and (test("[:/\\\\]") | not);
  def alias: type == "string" and test("^npm:(@[^:/\\\\]+/)?[^:/\\\\]+$");
  def specifiers: .dependencies, .devDependencies, .optionalDependencies, .peerDependencies | objects | .[];
  def elsewhere: select((plain or alias) | not) | tostring;
  # npm puts the registry in the place of registry.npmjs.org (replace-registry-host).
  def stored: . as $from | type == "string" and (test("[?#\\s\\\\]|/[.][.]?/") | not)
    and ([env.REGISTRY, "https://registry.npmjs.org/"] | any(. as $one | $from | startswith($one)));
  # A key with _ is one of npm itself, which wins over the others.
  def entry: (.link | not) and (keys | any(startswith("_")) | not) and (.version | plain)
    and (.name // "" | test("^(@[^@:/\\\\]+/)?[^@:/\\\\]*$")) and (.resolved == null or (.resolved | stored));'

# refuse PROGRAM FILE WHAT: stop if a jq program yields names.
refuse() {
  local found
  found=$(jq -r "$definitions [$1] | unique | join(\", \")" "$2") || stop "can't read $2"
  [[ -z $found ]] || stop "$3: $found"
}

check_npm() {
  REGISTRY=$(npm config get registry)
  export REGISTRY=${REGISTRY%/}/
  refuse '(.overrides // empty | .. | strings | elsewhere), (specifiers | elsewhere)' package.json "these do not come from the registry"
  refuse '.packages[] | specifiers | elsewhere' package-lock.json "these do not come from the registry"
  refuse '.packages | to_entries[] | select(.key != "" and (.value | entry | not)) | .key' package-lock.json \
    "these do not come from the registry"
}

# other_lock FILE ... COMMAND: stop where a package has another tool's lock file alone, and say what makes the one that is read here.
other_lock() {
  local file
  for file in "${@:1:$#-1}"; do
    [[ ! -f $package/$file ]] || stop "$file is not read here: run '${*: -1}' in $DIRECTORY and commit what it writes"
  done
}

fetch_npm() {
  [[ -f $package/package-lock.json ]] || other_lock pnpm-lock.yaml yarn.lock bun.lock bun.lockb 'npm install --package-lock-only'
  [[ -f $package/package.json && -f $package/package-lock.json ]] || stop "package.json and package-lock.json are needed in $DIRECTORY"
  cp "$package/package.json" .
  # What is for npm 6 goes: npm reads the rest, and only the rest is checked here.
  jq 'del(.dependencies)' "$package/package-lock.json" > package-lock.json
  jq -e '.workspaces | not' package.json > /dev/null ||
    stop "workspaces are not supported here: give the package's own folder as working-directory, with a lock file of its own (run 'npm install \
--package-lock-only --workspaces=false' in it)"
  # npm fetches what an older lock file leaves out.
  jq -e '(.lockfileVersion == 2 or .lockfileVersion == 3) and (.packages | type == "object")' package-lock.json > /dev/null ||
    stop "package-lock.json is older than npm 7: make it anew"
  check_npm
  NODE_OPTIONS="--require=\"$GITHUB_ACTION_PATH/no-programs.cjs\"" npm ci --ignore-scripts --git=/bin/false --no-audit --no-fund
  mkdir -p node_modules
  tar -cf "$DESTINATION" node_modules
}

# One requirement: NAME[EXTRAS]SPECIFIERS ; MARKERS, and hashes. No URL, no path, no option: those can run code. An option begins with - after
# a blank, so nothing but a hash does.
requirement='^[A-Za-z0-9][A-Za-z0-9._-]*[[:blank:]]*(\[[[:blank:]]*[A-Za-z0-9][A-Za-z0-9._-]*([[:blank:]]*,[[:blank:]]*[A-Za-z0-9][A-Za-z0-9._-]*)*[[:blank:]]*\])?'
requirement+='[[:blank:]]*([=<>!~]=?=?[[:blank:]]*[A-Za-z0-9*][A-Za-z0-9.*+!_-]*[[:blank:]]*,?[[:blank:]]*)*'
requirement+="(;[A-Za-z0-9_.\"'<>=!~()*+, ]*)?([[:blank:]]+--hash=sha256:[0-9a-f]{64})*[[:blank:]]*\$"

fetch_pypi() {
  [[ -f $package/requirements.txt ]] || other_lock uv.lock 'uv export --no-emit-project --output-file requirements.txt'
  [[ -f $package/requirements.txt ]] || other_lock poetry.lock 'poetry export --output requirements.txt'
  [[ -f $package/requirements.txt ]] || other_lock pdm.lock 'pdm export --no-markers --output requirements.txt'
  [[ -f $package/requirements.txt ]] || stop "requirements.txt is needed in $DIRECTORY: it names all that the build installs"
  sed -e 's/\r$//' "$package/requirements.txt" | sed -E -e ':a' -e '/\\$/N; s/\\\n//; ta' -e 's/(^|[[:space:]])#.*$//' |
    sed -E '/^[[:space:]]*$/d' > requirements.txt
  local line
  while IFS= read -r line || [[ -n $line ]]; do
    [[ $line =~ $requirement ]] || stop "not a plain requirement (name, version, hashes): $line"
  done < requirements.txt
  mkdir wheels
  python "$GITHUB_ACTION_PATH/pip_download.py" download --quiet --disable-pip-version-check --only-binary :all: --dest wheels \
    --requirement requirements.txt
  tar -cf "$DESTINATION" wheels
}

# Maven itself would run what the package's POM names, so the named artifacts are fetched one by one: POM, and jar unless it is a POM alone.
fetch_maven() {
  local line group artifact version folder file found=""
  while IFS= read -r line; do
    [[ -n $line ]] || continue
    [[ $line =~ ^([A-Za-z0-9_.-]+):([A-Za-z0-9_.-]+):([A-Za-z0-9_.+-]+)$ ]] || stop "not GROUP:ARTIFACT:VERSION: $line"
    [[ -n $found ]] || read_login
    found=1
    group=${BASH_REMATCH[1]} artifact=${BASH_REMATCH[2]} version=${BASH_REMATCH[3]}
    folder=${group//.//}/$artifact/$version
    file=$folder/$artifact-$version
    mkdir -p "repository/$folder"
    get "$file.pom"
    grep -q '<packaging>[[:space:]]*pom[[:space:]]*</packaging>' "repository/$file.pom" || get "$file.jar"
  done <<< "$MAVEN_DEPENDENCIES"
  [[ -n $found ]] || stop "name the private artifacts in the input maven-dependencies"
  tar -cf "$DESTINATION" repository
}

# What the action login left for Maven.
read_login() {
  local settings=$HOME/.m2/settings.xml
  [[ -f $settings ]] || stop "Maven is not logged in"
  address=$(sed -nE 's#.*<url>(.*)</url>.*#\1#p' "$settings")
  token=$(sed -nE 's#.*<password>(.*)</password>.*#\1#p' "$settings")
}

# get PATH: the token goes in by standard input, where no other process of the machine can read it.
get() {
  printf 'user = "aws:%s"\n' "$token" | curl --silent --show-error --fail --location --retry 3 --max-time 300 --config - \
    --output "repository/$1" "${address%/}/$1" || stop "can't fetch $1"
}

case $FORMAT in
  npm) fetch_npm ;;
  pypi) fetch_pypi ;;
  maven) fetch_maven ;;
  *) stop "the format is npm, pypi or maven, not $FORMAT" ;;
esac
