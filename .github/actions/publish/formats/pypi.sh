# shellcheck shell=bash
# PyPI: wheels and a source distribution of one version. Sourced by publish.sh.

# CodeArtifact publishes a version with its first file, and a published version is never continued by another run. So what fails is tried
# again here, by the run that began.
upload() {
  local asset rest=$4 answer try
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
    [[ $rest != "$4" ]] || stop "${title:?} was not uploaded"
  done
}

# conflict "" PACKAGE VERSION: the version that is there and that pip takes for this one (1.0 for 1.0.0), in words
conflict() {
  local answer other
  answer=$(found list-package-versions "$1" "$2")
  other=$(jq -r '.versions[]?.version' <<< "$answer" | python3 "${here:?}/same_version.py" "$3")
  [[ -z $other ]] || printf 'is already in %s as %s, which is the same version (PEP 440)' "$REPOSITORY" "$other"
}
