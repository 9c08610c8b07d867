# shellcheck shell=bash
# Cargo: one crate. Sourced by publish.sh.
#
# Uploaded with curl, by the protocol that The Cargo Book documents: cargo publish would pack anew, beside this job's rights, and not what was
# handed over. https://doc.rust-lang.org/cargo/reference/registry-web-api.html#publish

publish_all() {
  local crates=("$DIRECTORY"/*.crate) said name version
  [[ ${#crates[@]} == 1 ]] || stop "there must be one crate, there are ${#crates[@]}"
  crate=${crates[0]}
  said=$(python3 "${here:?}/crate.py" "$crate" 2> crate.txt) || stop "$(< crate.txt)"
  name=$(jq -er .name <<< "$said")
  version=$(jq -er .vers <<< "$said")
  publish_once "" "$name" "$version" "crate $(sha256 "$crate")"
}

upload() {
  local address token answer
  address=$(endpoint)
  fetch_token
  python3 "$here/crate.py" --body "$crate" > request
  # The token goes in by standard input, where no other process of the machine can read it.
  answer=$(printf 'header = "Authorization: %s"\n' "$token" | curl --silent --show-error --fail-with-body --max-time 300 --config - \
    --request PUT --data-binary @request "${address}api/v1/crates/new") || stop "can't publish $(title "$@"): $answer"
  rm request
}
