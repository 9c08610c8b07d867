# shellcheck shell=bash
# Cargo: one crate. Sourced by pack.sh.
#
# Nothing is resolved, fetched or compiled, so a crate that needs private ones is packed without a token: whether it compiles is the
# build-command's to find out (cargo test). The lock file, which libraries have no use for, would take that, and is left out.

pack() {
  [[ -f Cargo.toml ]] || stop "there is no Cargo.toml in $DIRECTORY"
  [[ -z $VERSION ]] || python3 "${packing:?}/cargo_version.py" Cargo.toml "$VERSION" || stop "can't set the version: see above"
  # The version that is set, and what a build-command writes, are not committed.
  cargo package --allow-dirty --no-verify --exclude-lockfile --target-dir "$RUNNER_TEMP/crate" || stop "cargo does not pack this: see above"
  local crates=("$RUNNER_TEMP"/crate/package/*.crate)
  mv "${crates[@]}" "$DESTINATION"
}

# What could not be installed, publishing's crate.py refuses.
installable() { :; }
