# shellcheck shell=bash
# Maven: every version in a folder laid out as a Maven repository. Sourced by publish.sh.
#
# Uploaded with curl, as CodeArtifact documents it: Maven itself would fetch plugins, and run them beside this job's rights.
# https://docs.aws.amazon.com/codeartifact/latest/ug/maven-curl.html

publish_all() {
  local poms=() pom
  mapfile -t poms < <(cd "$DIRECTORY" && find . -name '*.pom' -printf '%P\n' | sort)
  [[ ${#poms[@]} -gt 0 ]] || stop "there is no artifact"
  for pom in "${poms[@]}"; do
    publish_version "$pom"
  done
}

# publish_version POM: GROUP/AS/FOLDERS/ARTIFACT/VERSION/ARTIFACT-VERSION.pom, relative to DIRECTORY
publish_version() {
  local file expected="" base
  version_folder=$(dirname "$1")
  local version artifact_folder artifact group
  version=$(basename "$version_folder")
  artifact_folder=$(dirname "$version_folder")
  artifact=$(basename "$artifact_folder")
  group=$(dirname "$artifact_folder" | tr / .)
  # A snapshot's files have the time of the build in their names.
  [[ $version != *-SNAPSHOT ]] || stop "$version changes with every build: publish a release version (the input version gives it one)"
  [[ $1 == "$artifact_folder/$version/$artifact-$version.pom" ]] || stop "not laid out as a Maven repository: $1"
  [[ $group =~ ^[A-Za-z0-9_.-]+$ && $artifact =~ ^[A-Za-z0-9_.-]+$ ]] || stop "not a group and an artifact: $group:$artifact"
  [[ $version =~ ^[0-9A-Za-z][0-9A-Za-z._+-]*$ ]] || stop "not a version: $version"
  for file in "$DIRECTORY/$version_folder"/*; do
    base=$(basename "$file")
    case $base in
      *.md5 | *.sha1 | *.sha256 | *.sha512 | maven-metadata*) continue ;;
    esac
    [[ $base =~ ^[A-Za-z0-9._+-]+$ ]] || stop "not the name of an artifact's file: $base"
    expected+="$base $(sha256 "$file")"$'\n'
  done
  publish_once "$group" "$artifact" "$version" "$(sort <<< "${expected%$'\n'}")"
}

# put PATH FILE: the token goes in by standard input, where no other process of the machine can read it.
put() {
  local answer
  # shellcheck disable=SC2154 # fetch_token's
  answer=$(printf 'user = "aws:%s"\n' "$token" | curl --silent --show-error --fail-with-body --max-time 300 --config - \
    --header 'Content-Type: application/octet-stream' --upload-file "$2" "$address$1") || stop "can't upload $1: $answer"
}

upload() {
  local asset
  address=$(endpoint)
  fetch_token
  while read -r asset _; do
    put "$version_folder/$asset" "$DIRECTORY/$version_folder/$asset"
  done < <(missing "$4" "$5")
  # The package's own metadata comes last: it makes the version complete (Published instead of Unfinished).
  metadata "$1" "$2" "$3" > maven-metadata.xml
  put "$(dirname "$version_folder")/maven-metadata.xml" maven-metadata.xml
}

# metadata GROUP ARTIFACT VERSION: with the versions that are there; latest is the highest, release the highest that is no pre-release; neither
# need be this one. The names are checked above or were, so nothing in them is special to XML.
metadata() {
  local answer versions highest release
  answer=$(found list-package-versions "$1" "$2" --status Published)
  versions=$(jq -r --arg version "$3" '[.versions[]?.version, $version] | unique[]' <<< "$answer")
  # shellcheck disable=SC2086 # one word each
  read -r highest release <<< "$(python3 "${here:?}/maven_order.py" $versions)"
  printf '<?xml version="1.0" encoding="UTF-8"?>\n<metadata>\n  <groupId>%s</groupId>\n  <artifactId>%s</artifactId>\n  <versioning>\n' "$1" "$2"
  printf '    <latest>%s</latest>\n    <release>%s</release>\n    <versions>\n' "$highest" "$release"
  printf '%s\n' "$versions" | sed 's#.*#      <version>&</version>#'
  printf '    </versions>\n    <lastUpdated>%s</lastUpdated>\n  </versioning>\n</metadata>\n' "$(date -u +%Y%m%d%H%M%S)"
}
