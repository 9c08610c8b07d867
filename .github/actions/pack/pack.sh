#!/usr/bin/env bash
# Pack one package into a folder. What is packed twice from one commit is the same, byte for byte, if the package's own build is.
#
# environment: FORMAT, DIRECTORY, VERSION, DESTINATION (see action.yml)
set -euo pipefail

stop() {
  printf '::error title=Pack::%s\n' "$1" >&2
  exit 1
}

# The version in the one tag at HEAD that is a version, with or without a leading v.
version_at_head() {
  local versions
  versions=$(git tag --points-at HEAD | sed -nE 's/^v?([0-9]+(\.[0-9A-Za-z]+)*([-+.][0-9A-Za-z.+-]+)?)$/\1/p' | sort -u)
  [[ -n $versions ]] || stop "no tag at this commit is a version (such as v1.2.3)"
  [[ $(wc -l <<< "$versions") == 1 ]] || stop "several tags at this commit are versions: ${versions//$'\n'/, }"
  printf '%s' "$versions"
}

commit_time() {
  # Archives hold times from 1980 on.
  git log -1 --format=%ct 2> /dev/null || printf '315532800'
}

cd "$DIRECTORY" || stop "there is no folder $DIRECTORY"
mkdir -p "$DESTINATION"
if [[ $VERSION == tag ]]; then
  VERSION=$(version_at_head)
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
    python "$GITHUB_ACTION_PATH/set_version.py" pyproject.toml "$VERSION"
    # For packages whose version is dynamic, from version control.
    export SETUPTOOLS_SCM_PRETEND_VERSION=$VERSION
  fi
  # A wheel alone: setuptools' source distributions differ from one build to the next, so a re-run could not be told from a change.
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

case $FORMAT in
  npm) pack_npm ;;
  pypi) pack_pypi ;;
  maven) pack_maven ;;
  *) stop "the format is npm, pypi or maven, not $FORMAT" ;;
esac
