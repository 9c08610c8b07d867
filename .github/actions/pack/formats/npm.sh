# shellcheck shell=bash
# npm. Sourced by pack.sh.

pack() {
  [[ -z $VERSION ]] ||
    npm version --no-git-tag-version --allow-same-version --ignore-scripts --no-workspaces-update "$VERSION" > /dev/null
  npm pack --pack-destination "$DESTINATION"
}

installable() {
  local tarball elsewhere bundled
  for tarball in "$DESTINATION"/*.tgz; do
    mapfile -t bundled < <(tar -tzf "$tarball" | sed -nE 's#^package/node_modules/((@[^/]+/)?[^/@]+)/package\.json$#\1#p')
    elsewhere=$(python3 "${packing:?}/../publish/tarball.py" "$tarball" | node "$packing/elsewhere.cjs" "${bundled[@]}") ||
      stop "the dependencies in package.json can't be read"
    [[ -z $elsewhere ]] || stop "nobody could install $(basename "$tarball"): $elsewhere. Name a version, range, tag or npm:NAME@VERSION of a \
registry; pnpm pack and yarn pack do that for workspace: and catalog:, and the input packed takes what they pack"
  done
}
