# shellcheck shell=bash
# Cargo: one crate. Sourced by publish.sh.
#
# Uploaded with curl, by the protocol that The Cargo Book documents: cargo publish would pack anew, beside this job's rights, and not what was
# handed over. https://doc.rust-lang.org/cargo/reference/registry-web-api.html#publish

upload() {
  local address token answer crate=$DIRECTORY/${files[0]:?}
  address=$(endpoint)
  fetch_token
  python3 "${here:?}/crate.py" --body "$crate" > request
  # The token goes in by standard input, where no other process of the machine can read it.
  answer=$(printf 'header = "Authorization: %s"\n' "$token" | curl --silent --show-error --fail-with-body --max-time 300 --config - \
    --request PUT --data-binary @request "${address}api/v1/crates/new") || stop "can't publish ${title:?}: $answer"
  rm request
}
