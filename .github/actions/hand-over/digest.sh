# shellcheck shell=bash
# The digest of a folder: names and content of its files. Sourced by hand-over.sh and take-over.sh.

stop() {
  printf '::error title=Hand-over::%s\n' "$1" >&2
  exit 1
}

# digest FOLDER
digest() {
  local odd
  # An artifact has no hidden files, and files in the place of links: the digest of such a folder would be another one afterwards.
  odd=$(find "$1" -mindepth 1 \( -name '.*' -o ! -type f ! -type d \) -printf '%P' -quit)
  [[ -z $odd ]] || stop "got $odd; expected files and folders that are not hidden; have the build leave it out"
  [[ -n $(find "$1" -type f -print -quit) ]] || stop "got no file; expected what this job makes to be in $1"
  (cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | sha256sum | cut -d ' ' -f 1
}
