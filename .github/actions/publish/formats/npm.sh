# shellcheck shell=bash
# npm: one tarball of each package. Sourced by publish.sh.

[[ $NPM_TAG =~ ^([A-Za-z][A-Za-z0-9._-]*)?$ ]] || stop "not a dist-tag: $NPM_TAG"

upload() {
  local tag
  tag=$(tag_of "$1" "$2" "$3")
  login npm
  # shellcheck disable=SC2154 # publish.sh's
  npm publish --ignore-scripts --tag "$tag" "$DIRECTORY/${files[0]}"
}

# tag_of SCOPE PACKAGE VERSION: the input npm-tag, or what tag.cjs says
tag_of() {
  local answer published tag higher
  if [[ -n $NPM_TAG ]]; then
    printf '%s' "$NPM_TAG"
    return
  fi
  answer=$(found list-package-versions "$1" "$2" --status Published)
  mapfile -t published < <(jq -r '.versions[]?.version' <<< "$answer")
  answer=$(node "${here:?}/tag.cjs" "$3" "${published[@]}")
  read -r tag higher <<< "$answer"
  [[ -z $higher ]] || printf '::notice title=Dist-tag::%s is there, so %s gets the tag %s. The input npm-tag decides otherwise\n' \
    "$higher" "${title:?}" "$tag" >&2
  printf '%s' "$tag"
}
