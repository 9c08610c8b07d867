# shellcheck shell=bash
# Generic: the files that the build made. Sourced by pack.sh.

pack() {
  local file base
  [[ $PACKAGE == */* ]] || stop "got the package ${PACKAGE:-(none)}; expected NAMESPACE/NAME; set the input package"
  [[ -n ${VERSION:-$TAGGED} ]] || stop "got no version; expected one, for there is no manifest that says it; set the input version, or release by tag"
  mapfile -t files < <(built_files)
  [[ ${#files[@]} -gt 0 ]] || stop "got no file that matches ${FILES:-(no pattern)}; expected what the build made; set the input files"
  [[ ${#files[@]} -le 150 ]] || stop "got ${#files[@]} files; expected at most 150, which a version can have; pack them into an archive"
  mkdir "$DESTINATION/assets"
  for file in "${files[@]}"; do
    base=$(basename "$file")
    [[ $base =~ ^[A-Za-z0-9][A-Za-z0-9._+-]*$ ]] || stop "got the file $base; expected a name of letters, digits and . _ + -; call it otherwise"
    [[ ! -e $DESTINATION/assets/$base ]] || stop "got two files called $base; expected each name once; call one otherwise"
    cp "$file" "$DESTINATION/assets/$base"
  done
  jq -n --arg namespace "${PACKAGE%%/*}" --arg package "${PACKAGE#*/}" --arg version "${VERSION:-$TAGGED}" \
    '{namespace: $namespace, package: $package, version: $version}' > "$DESTINATION/package.json"
}

installable() { :; }

# built_files: the files of the package's folder that match a line of the input files, sorted
built_files() {
  local pattern file
  local -A found=()
  while read -r pattern; do
    [[ -n $pattern ]] || continue
    [[ $pattern != /* && "/$pattern/" != */../* ]] || stop "got $pattern; expected files of the package's folder; name them from there"
    while read -r file; do
      [[ ! -f $file || -L $file ]] || found[$file]=1
    done < <(compgen -G "$pattern")
  done <<< "$FILES"
  [[ ${#found[@]} == 0 ]] || printf '%s\n' "${!found[@]}" | sort
}
