# shellcheck shell=bash
# Generic: the files of one version, each an asset. Sourced by publish.sh.

publish_all() {
  local said namespace package version file expected=""
  said=$(jq -er '"\(.namespace) \(.package) \(.version)"' "$DIRECTORY/package.json") || stop "what was packed does not say which package it is"
  read -r namespace package version <<< "$said"
  [[ $namespace =~ ^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$ && $package =~ ^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$ ]] ||
    stop "got the package $namespace/$package; expected NAMESPACE/NAME of letters, digits and . _ -; set the input package"
  [[ $version =~ ^[0-9A-Za-z][0-9A-Za-z.+_-]*$ ]] || stop "not a version: $version"
  for file in "$DIRECTORY"/assets/*; do
    expected+="$(basename "$file") $(sha256 "$file")"$'\n'
  done
  [[ -n $expected ]] || stop "there is no file"
  publish_once "$namespace" "$package" "$version" "$(sort <<< "${expected%$'\n'}")"
}

# The version is there for everybody with its last asset. One that all were uploaded of is finished by uploading the last of them again.
# https://docs.aws.amazon.com/codeartifact/latest/ug/publishing-using-generic-packages.html
upload() {
  local rest asset hash last
  rest=$(missing "$4" "$5")
  [[ -n $rest ]] || rest=$(tail -n 1 <<< "$4")
  last=$(tail -n 1 <<< "$rest")
  while read -r asset hash; do
    local more=(--unfinished)
    [[ "$asset $hash" != "$last" ]] || more=()
    codeartifact publish-package-version "$1" "$2" --package-version "$3" --asset-content "$DIRECTORY/assets/$asset" --asset-name "$asset" \
      --asset-sha256 "$hash" "${more[@]}" > answer.json || stop "can't publish $asset of $(title "$@")"
  done <<< "$rest"
}
