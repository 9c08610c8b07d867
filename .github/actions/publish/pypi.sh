# shellcheck shell=bash
# PyPI: wheels (and source distributions, if the build has any) of one version. Sourced by publish.sh.

publish_all() {
  local files=("$DIRECTORY"/*.whl "$DIRECTORY"/*.tar.gz) file base expected="" name="" version=""
  [[ ${#files[@]} -gt 0 ]] || stop "there is no distribution"
  for file in "${files[@]}"; do
    base=$(basename "$file")
    # NAME-VERSION-... of a wheel, NAME-VERSION.tar.gz of a source distribution; names hold no hyphen there.
    [[ $base =~ ^([A-Za-z0-9._]+)-([0-9][A-Za-z0-9.!+_]*)(-[A-Za-z0-9._-]+\.whl|\.tar\.gz)$ ]] || stop "not the name of a distribution: $base"
    [[ ${name:-${BASH_REMATCH[1]}} == "${BASH_REMATCH[1]}" && ${version:-${BASH_REMATCH[2]}} == "${BASH_REMATCH[2]}" ]] ||
      stop "distributions of several packages or versions"
    name=${BASH_REMATCH[1]} version=${BASH_REMATCH[2]}
    expected+="$base $(sha256 "$file")"$'\n'
  done
  python "${here:?}/distributions.py" "${files[@]}" 2> distributions.txt || stop "not what the file is named: $(< distributions.txt)"
  expected=$(sort <<< "${expected%$'\n'}")
  # PEP 503
  name=$(tr '[:upper:]' '[:lower:]' <<< "$name" | sed -E 's/[-_.]+/-/g')
  publish_once "" "$name" "$version" "$expected"
}

# CodeArtifact publishes a version with its first file, and a published version is never continued by another run. So what fails is tried
# again here, by the run that began.
upload() {
  local asset rest=$4 answer try other
  other=$(other_spelling "$@")
  [[ -z $other ]] || stop "$2 $3 is already in $REPOSITORY as $other, which is the same version (PEP 440). A version never changes: give this one a \
new number"
  login twine
  for try in 1 2 3; do
    while read -r asset _; do
      twine upload --non-interactive --disable-progress-bar --repository codeartifact "$DIRECTORY/$asset" ||
        printf '::warning title=Publish::%s was not uploaded (attempt %s)\n' "$asset" "$try"
    done <<< "$rest"
    answer=$(stored "$1" "$2" "$3")
    rest=$(missing "$4" "$(assets "$answer")")
    [[ -n $rest ]] || return 0
    # Nothing of it is there: the next run starts anew.
    [[ $rest != "$4" ]] || stop "$(title "$@") was not uploaded"
  done
}

# other_spelling "" PACKAGE VERSION: the version that is there and that pip takes for this one (1.0 for 1.0.0)
other_spelling() {
  local answer
  answer=$(found list-package-versions "$1" "$2")
  jq -r '.versions[]?.version' <<< "$answer" | python "$here/same_version.py" "$3"
}
