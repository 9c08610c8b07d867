#!/usr/bin/env bash
# Pack one package into a folder. What is packed twice from one commit is the same, byte for byte, if the package's own build is.
#
# environment: FORMAT, DIRECTORY, VERSION, TAG_PREFIX, PACKAGE, FILES, DESTINATION (see action.yml)
set -euo pipefail
shopt -s nullglob

packing=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# What publishing would refuse is refused here, before a number is used up.
here=$packing/../publish
# shellcheck source=../publish/stored.sh
source "$here/stored.sh"

# Also in place of the one of publishing.
stop() {
  printf '::error title=Pack::%s\n' "${1//$'\n'/ }" >&2
  exit 1
}

# The version in the tag that this run is about. Of other tags at HEAD whoever may write could create one.
tagged_version() {
  local said
  [[ ${GITHUB_REF_TYPE:-} == tag ]] || stop "a version from the tag: got a run of ${GITHUB_REF_NAME:-no ref}; expected one of a tag; release by \
tag (release_tags in the catalog), or leave the version out"
  python3 "$packing/tag_version.py" "$FORMAT" "$TAG_PREFIX" "$GITHUB_REF_NAME" 2> "$RUNNER_TEMP/tag.txt" && return
  said=$(< "$RUNNER_TEMP/tag.txt")
  stop "${said##*$'\n'}"
}

commit_time() {
  # Archives hold times from 1980 on.
  git log -1 --format=%ct 2> /dev/null || printf '315532800'
}

cd "$DIRECTORY" || stop "there is no folder $DIRECTORY"
mkdir -p "$DESTINATION"
TAGGED=""
if [[ $VERSION == tag ]]; then
  VERSION=$(tagged_version)
elif [[ ${GITHUB_REF_TYPE:-} == tag ]]; then
  # What is published from a tag has the version that the tag says.
  TAGGED=$(tagged_version)
fi
[[ -z $VERSION || $VERSION =~ ^[0-9][0-9A-Za-z.+_-]*$ ]] || stop "not a version: $VERSION"
SOURCE_DATE_EPOCH=$(commit_time)
export SOURCE_DATE_EPOCH

pack_npm() {
  [[ -f package.json ]] || stop "there is no package.json in $DIRECTORY"
  if [[ -n $VERSION ]]; then
    npm version --no-git-tag-version --allow-same-version --ignore-scripts "$VERSION" > /dev/null
  fi
  npm pack --pack-destination "$DESTINATION"
}

pack_pypi() {
  [[ -f pyproject.toml ]] || stop "there is no pyproject.toml in $DIRECTORY"
  if [[ -n $VERSION ]]; then
    python "$packing/set_version.py" pyproject.toml "$VERSION"
    # For packages whose version is dynamic, from version control: setuptools-scm and hatch-vcs, PDM, poetry-dynamic-versioning,
    # uv-dynamic-versioning.
    export SETUPTOOLS_SCM_PRETEND_VERSION=$VERSION PDM_BUILD_SCM_VERSION=$VERSION
    export POETRY_DYNAMIC_VERSIONING_BYPASS=$VERSION UV_DYNAMIC_VERSIONING_BYPASS=$VERSION
  fi
  # A wheel alone: setuptools' source distributions differ from one build to the next, so a re-run could not be distinguished from a change.
  python -m build --wheel --outdir "$DESTINATION"
}

pack_maven() {
  [[ -f pom.xml ]] || stop "there is no pom.xml in $DIRECTORY"
  local maven=(mvn --batch-mode --no-transfer-progress "-Dproject.build.outputTimestamp=$SOURCE_DATE_EPOCH")
  if [[ -n $VERSION ]]; then
    "${maven[@]}" --quiet org.codehaus.mojo:versions-maven-plugin:2.18.0:set "-DnewVersion=$VERSION" -DgenerateBackupPoms=false
  fi
  # Deploys into a folder: the layout of a Maven repository, with every artifact that the build attached.
  "${maven[@]}" package org.apache.maven.plugins:maven-deploy-plugin:3.1.4:deploy "-DaltDeploymentRepository=package::file://$DESTINATION"
}

# same_version WANTED PACKED
same_version() {
  if [[ $FORMAT == pypi ]]; then
    # PEP 440: 1.0.0-rc.1 is 1.0.0rc1. packaging came with build.
    python -c 'import sys; from packaging.version import Version; sys.exit(Version(sys.argv[1]) != Version(sys.argv[2]))' "$1" "$2"
  else
    [[ $1 == "$2" ]]
  fi
}

# publish_once NAMESPACE PACKAGE VERSION EXPECTED: in place of the one of publishing
publish_once() {
  [[ -z $TAGGED ]] || same_version "$TAGGED" "$3" ||
    stop "packed $(title "$@"), although the tag $GITHUB_REF_NAME says $TAGGED: tag the commit whose manifest has that version, or publish \
with version: tag, which writes the tag's version into the manifest"
  [[ -z $VERSION ]] || same_version "$VERSION" "$3" ||
    stop "packed $(title "$@"), although the version asked for is $VERSION: the build takes its version from elsewhere. Let it read the \
manifest, or leave the input version out"
  printf 'packed %s\n' "$(title "$@")"
}

# check FORMAT: all that publishing looks at before it asks what is there, and whether anybody could install the package.
check() {
  DIRECTORY=$DESTINATION
  # shellcheck disable=SC2034 # npm's; which tag a version gets is publishing's to find out
  NPM_TAG=""
  cd "$(mktemp -d "$RUNNER_TEMP/pack.XXXXXX")"
  # shellcheck source=/dev/null
  source "$here/$1.sh"
  publish_all
  "installable_$1"
}

installable_npm() {
  local elsewhere bundled
  mapfile -t bundled < <(tar -tzf "${tarball:?}" | sed -nE 's#^package/node_modules/((@[^/]+/)?[^/@]+)/package\.json$#\1#p')
  # shellcheck disable=SC2154 # publish_all's
  elsewhere=$(python3 "$here/tarball.py" "$tarball" | node "$packing/elsewhere.cjs" "${bundled[@]}") || stop "the dependencies in package.json can't be read"
  [[ -z $elsewhere ]] || stop "nobody could install this: $elsewhere. Name a version, range, tag or npm:NAME@VERSION of a registry; a \
build-command may write them into package.json, as the recipes show"
}

installable_pypi() {
  python "$packing/requirements.py" "$DIRECTORY"/*.whl || stop "nobody could install this: see above"
}

installable_maven() {
  python3 "$packing/poms.py" "$DIRECTORY" || stop "nobody could install this: see above"
}

case $FORMAT in
  npm | pypi | maven) ;;
  cargo | nuget | generic)
    # shellcheck source=/dev/null
    source "$packing/$FORMAT.sh"
    ;;
  *) stop "the format is npm, pypi, maven, cargo, nuget or generic, not $FORMAT" ;;
esac
"pack_$FORMAT"
check "$FORMAT"
