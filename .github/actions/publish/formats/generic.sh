# shellcheck shell=bash
# Generic: the files of one version, each an asset. Sourced by publish.sh.

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
      --asset-sha256 "$hash" "${more[@]}" > answer.json || stop "can't publish $asset of ${title:?}"
  done <<< "$rest"
}
