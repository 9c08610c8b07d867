#!/usr/bin/env bash
# Pack packages into a folder, or take what the build packed. What is packed here twice from one commit is the same, byte for byte, if the
# package's own build is.
#
# environment: FORMAT, DIRECTORY, PACKAGES, PACKED, PACKED_ARTIFACT, ARTIFACTS, VERSION, TAG_PREFIX, PACKAGE, FILES, DESTINATION (see action.yml)
set -euo pipefail
shopt -s nullglob

packing=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

stop() {
  printf '::error title=Pack::%s\n' "${1//$'\n'/ }" >&2
  exit 1
}

# script NAME ARGUMENT...: run a script beside this one; what it refuses ends the action
script() {
  local refused=""
  python3 "$packing/$1" "${@:2}" 2> "$RUNNER_TEMP/said.txt" || refused=yes
  cat "$RUNNER_TEMP/said.txt" >&2
  [[ -z $refused ]] || stop "$(tail -n 1 "$RUNNER_TEMP/said.txt")"
}

commit_time() {
  # Archives hold times from 1980 on.
  git log -1 --format=%ct 2> /dev/null || printf '315532800'
}

# A format is a file formats/FORMAT.sh with `pack`, which packs the folder that it runs in, and `installable`, which refuses what nobody could
# install; its manifest in manifests.py; and its files for publishing, for what that would refuse is refused here, before a number is used up.
[[ $FORMAT =~ ^[a-z]+$ && -f $packing/formats/$FORMAT.sh ]] || stop "got format $FORMAT; expected one that this action packs"
# shellcheck source=/dev/null
source "$packing/formats/$FORMAT.sh"

cd "$DIRECTORY" || stop "there is no folder $DIRECTORY"
mkdir -p "$DESTINATION"
[[ $VERSION == tag || -z $VERSION || $VERSION =~ ^[0-9][0-9A-Za-z.+_-]*$ ]] || stop "not a version: $VERSION"
export TAG="" TAGGED=""
# Of other tags at HEAD whoever may write could create one.
[[ ${GITHUB_REF_TYPE:-} != tag ]] || TAG=$GITHUB_REF_NAME
[[ $VERSION != tag || -n $TAG ]] || stop "a version from the tag: got a run of ${GITHUB_REF_NAME:-no ref}; expected one of a tag; release by \
tag (release_tags in the catalog), or leave the version out"
SOURCE_DATE_EPOCH=$(commit_time)
export SOURCE_DATE_EPOCH

pack_here() {
  local said folders folder
  said=$(script folders.py "$FORMAT")
  mapfile -t folders <<< "$said"
  TAGGED=${folders[0]}
  [[ $VERSION != tag ]] || VERSION=$TAGGED
  for folder in "${folders[@]:1}"; do
    (cd "$folder" && pack)
  done
}

if [[ -z $PACKED && -z $PACKED_ARTIFACT ]]; then
  pack_here
else
  [[ -z $PACKAGES ]] || stop "got packages and packed; expected one of them: what is packed already is not packed here"
  script gather.py "$FORMAT" "$DESTINATION"
fi
script check.py "$FORMAT" "$DESTINATION"
installable
