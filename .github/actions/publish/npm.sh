# shellcheck shell=bash
# npm: one tarball. Sourced by publish.sh.

publish_all() {
  local tarballs=("$DIRECTORY"/*.tgz) manifest name version registry extra
  [[ ${#tarballs[@]} == 1 ]] || stop "there must be one tarball, there are ${#tarballs[@]}"
  tarball=${tarballs[0]}
  manifest=$(python3 "${here:?}/tarball.py" "$tarball" 2> tarball.txt) || stop "the tarball is not as npm pack writes it: $(< tarball.txt)"
  name=$(jq -er .name <<< "$manifest") || stop "package.json has no name"
  version=$(jq -er .version <<< "$manifest") || stop "package.json has no version"
  [[ $name =~ ^(@([a-z0-9][a-z0-9._-]*)/)?([a-z0-9][a-z0-9._-]*)$ ]] || stop "not a package name: $name"
  local scope=${BASH_REMATCH[2]} package=${BASH_REMATCH[3]}
  [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || stop "not a version: $version"
  registry=$(jq -r '.publishConfig | objects | .registry // ""' <<< "$manifest")
  [[ -z $registry ]] || stop "package.json sends the package to $registry (publishConfig.registry): leave that out, the workflow knows where to"
  # npm takes every key of publishConfig for a setting of its own: proxy, TLS, registries, tokens. These two can't send the token elsewhere;
  # --tag wins over the one, and CodeArtifact does not know the other.
  extra=$(jq -er '.publishConfig // {} | keys - ["access", "tag"] | join(", ")' <<< "$manifest") || stop "publishConfig is no mapping"
  [[ -z $extra ]] || stop "package.json sets $extra in publishConfig, where npm takes it for a setting of its own: leave that out"
  # https://github.com/npm/cli/blob/latest/workspaces/libnpmpublish/lib/publish.js: it wins over --tag.
  jq -e 'has("tag") | not' <<< "$manifest" > /dev/null || stop "package.json has a tag: leave that out, the input npm-tag is for that"
  # https://docs.npmjs.com/cli/v11/configuring-npm/package-json#private
  jq -e '.private | not' <<< "$manifest" > /dev/null || stop "package.json says \"private\": true, and npm publishes no such package: leave that out"
  [[ $NPM_TAG =~ ^([A-Za-z][A-Za-z0-9._-]*)?$ ]] || stop "not a dist-tag: $NPM_TAG"
  publish_once "$scope" "$package" "$version" "tarball $(sha256 "$tarball")"
}

upload() {
  local tag
  tag=$(tag_of "$1" "$2" "$3")
  login npm
  npm publish --ignore-scripts --tag "$tag" "$tarball"
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
  answer=$(node "$here/tag.cjs" "$3" "${published[@]}")
  read -r tag higher <<< "$answer"
  [[ -z $higher ]] || printf '::notice title=Dist-tag::%s is there, so %s gets the tag %s. The input npm-tag decides otherwise\n' \
    "$(title "$1" "$2" "$higher")" "$(title "$@")" "$tag" >&2
  printf '%s' "$tag"
}
