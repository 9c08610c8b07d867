# shellcheck shell=bash
# npm: one tarball. Sourced by publish.sh.

publish_all() {
  local tarballs=("$DIRECTORY"/*.tgz) manifest name version registry
  [[ ${#tarballs[@]} == 1 ]] || stop "there must be one tarball, there are ${#tarballs[@]}"
  tarball=${tarballs[0]}
  manifest=$(tar -xzOf "$tarball" package/package.json) || stop "the tarball holds no package/package.json"
  name=$(jq -er .name <<< "$manifest") || stop "package.json has no name"
  version=$(jq -er .version <<< "$manifest") || stop "package.json has no version"
  [[ $name =~ ^(@([a-z0-9][a-z0-9._-]*)/)?([a-z0-9][a-z0-9._-]*)$ ]] || stop "not a package name: $name"
  local scope=${BASH_REMATCH[2]} package=${BASH_REMATCH[3]}
  [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || stop "not a version: $version"
  registry=$(jq -r '.publishConfig.registry // ""' <<< "$manifest")
  [[ -z $registry ]] || stop "package.json sends the package to $registry (publishConfig.registry): leave that out, the workflow knows where to"
  # npm asks for a tag where a version must not become what everybody installs.
  tag=${NPM_TAG:-latest}
  [[ -n $NPM_TAG || $version != *-* ]] || tag=next
  [[ $tag =~ ^[A-Za-z][A-Za-z0-9._-]*$ ]] || stop "not a dist-tag: $tag"
  publish_once "$scope" "$package" "$version" "tarball $(sha256 "$tarball")"
}

upload() {
  login npm
  npm publish --ignore-scripts --tag "$tag" "$tarball"
}
