# shellcheck shell=bash
# Maven: one version of a folder laid out as a Maven repository. Sourced by publish.sh.
#
# Uploaded with curl, as CodeArtifact documents it: Maven itself would fetch plugins, and run them beside this job's rights.
# https://docs.aws.amazon.com/codeartifact/latest/ug/maven-curl.html

token=""

# put PATH FILE: the token goes in by standard input, where no other process of the machine can read it.
put() {
  local answer
  # shellcheck disable=SC2154 # fetch_token's
  answer=$(printf 'user = "aws:%s"\n' "$token" | curl --silent --show-error --fail-with-body --max-time 300 --config - \
    --header 'Content-Type: application/octet-stream' --upload-file "$2" "$address$1") || stop "can't upload $1: $answer"
}

upload() {
  local asset
  [[ -n ${token:-} ]] || {
    address=$(endpoint)
    fetch_token
  }
  while read -r asset _; do
    put "${folder:?}/$asset" "$DIRECTORY/$folder/$asset"
  done < <(missing "$4" "$5")
  # The package's own metadata comes last: it makes the version complete (Published instead of Unfinished).
  metadata "$1" "$2" "$3" > maven-metadata.xml
  put "$(dirname "$folder")/maven-metadata.xml" maven-metadata.xml
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
