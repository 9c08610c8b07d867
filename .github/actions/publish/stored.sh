# shellcheck shell=bash
# What a CodeArtifact repository holds of one package version, `title`. Sourced by publish.sh.

stop() {
  # A message is one line.
  printf '::error title=Publish::%s\n' "${1//$'\n'/ }" >&2
  exit 1
}

# codeartifact OPERATION NAMESPACE PACKAGE OPTION...
codeartifact() {
  local namespace=()
  [[ -z $2 ]] || namespace=(--namespace "$2")
  aws codeartifact "$1" --domain "$DOMAIN" --domain-owner "$DOMAIN_OWNER" --region "$REGION" --repository "$REPOSITORY" --format "$FORMAT" \
    "${namespace[@]}" --package "$3" --output json "${@:4}"
}

# found OPERATION NAMESPACE PACKAGE OPTION...: prints the answer, "{}" if the repository has no such package or version
found() {
  local errors
  errors=$(mktemp "$RUNNER_TEMP/errors.XXXXXX")
  if codeartifact "$@" 2> "$errors"; then
    return
  elif grep -q '(ResourceNotFoundException)' "$errors"; then
    printf '{}'
  else
    stop "can't tell what of $3 is in $REPOSITORY: $(tr '\n' ' ' < "$errors")"
  fi
}

# stored NAMESPACE PACKAGE VERSION: prints the version's status, revision and assets as JSON, "{}" if there is no such version. One page has
# every asset (a version has at most 150); the CLI's own paging would leave the revision out.
stored() {
  local described listed
  described=$(found describe-package-version "$1" "$2" --package-version "$3")
  [[ $described != '{}' ]] || {
    printf '{}'
    return
  }
  listed=$(found list-package-version-assets "$1" "$2" --package-version "$3" --no-paginate --max-results 1000)
  jq -e 'has("nextToken") | not' <<< "$listed" > /dev/null || stop "${title:?} has more assets than CodeArtifact allows"
  jq -en --argjson described "$described" --argjson listed "$listed" '$listed + {status: $described.packageVersion.status}' ||
    stop "${title:?} has no status"
}

# assets ANSWER: prints lines "ASSET SHA256" of what `stored` answered
assets() {
  # An npm version has one asset, whatever it is called; so has a crate's and a NuGet package's, but for what CodeArtifact may put beside it.
  # maven-metadata.xml is about the package, not about this version.
  jq -r --arg format "$FORMAT" '{npm: "tarball", cargo: "crate", nuget: "package"}[$format] as $one
    | {cargo: ".crate", nuget: ".nupkg"}[$format] as $suffix
    | (.assets // [])[] | select(.name != "maven-metadata.xml") | select($suffix == null or (.name | endswith($suffix)))
    | "\($one // .name) \(.hashes["SHA-256"])"' <<< "$1" | sort
}

# compare EXPECTED ANSWER (lines "ASSET SHA256", sorted; what `stored` answered): prints
# absent      there is no such version
# identical   it is there for everybody, with what is expected
# unfinished  an upload of what is expected broke off, and nobody has seen the version yet
# different   anything else. A version that is Published takes further assets (PyPI, Maven), but it would be another one for whoever
#             installs it from then on, so it is not continued.
# https://docs.aws.amazon.com/codeartifact/latest/ug/packages-overview.html#package-version-status
compare() {
  local there
  there=$(assets "$2")
  case $(jq -r '.status // ""' <<< "$2") in
    '') printf absent ;;
    Published) if [[ $1 == "$there" ]]; then printf identical; else printf different; fi ;;
    Unfinished) if [[ -z $(missing "$there" "$1") ]]; then printf unfinished; else printf different; fi ;;
    *) printf different ;;
  esac
}

# missing LINES OTHERS: prints those lines that the others lack
missing() {
  [[ -z $1 ]] || comm -23 <(printf '%s\n' "$1") <(printf '%s\n' "$2")
}

# difference EXPECTED ANSWER: what sets the stored version apart, in words
difference() {
  {
    printf '%s\n' "$1" | sed 's/^/packed /'
    assets "$2" | sed 's/^/stored /'
  } | awk -v status="$(jq -r '.status // "absent"' <<< "$2")" '
    NF == 3 && !($2 in known) { known[$2]; names[++count] = $2 }
    NF == 3 { hash[$1, $2] = $3 }
    function say(words, list) { if (list != "") { text = text "; " words ":" list } }
    END {
      for (i = 1; i <= count; i++) {
        name = names[i]
        if (!(("stored", name) in hash)) packed = packed " " name
        else if (!(("packed", name) in hash)) stored = stored " " name
        else if (hash["stored", name] != hash["packed", name]) other = other " " name
      }
      text = status
      say("packed, not stored", packed)
      say("stored, not packed", stored)
      say("stored with other content", other)
      print text
    }'
}
