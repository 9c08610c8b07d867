# shellcheck shell=bash
# What a CodeArtifact repository holds of one package version. Sourced by publish.sh.

stop() {
  # A message is one line.
  printf '::error title=Publish::%s\n' "${1//$'\n'/ }" >&2
  exit 1
}

# title NAMESPACE PACKAGE VERSION, as people write it
title() {
  case $FORMAT in
    npm) printf '%s%s@%s' "${1:+@$1/}" "$2" "$3" ;;
    pypi) printf '%s %s' "$2" "$3" ;;
    maven) printf '%s:%s:%s' "$1" "$2" "$3" ;;
  esac
}

# codeartifact OPERATION NAMESPACE PACKAGE VERSION OPTION...
codeartifact() {
  local namespace=()
  [[ -z $2 ]] || namespace=(--namespace "$2")
  aws codeartifact "$1" --domain "$DOMAIN" --domain-owner "$DOMAIN_OWNER" --region "$REGION" --repository "$REPOSITORY" --format "$FORMAT" \
    "${namespace[@]}" --package "$3" --package-version "$4" --output json "${@:5}"
}

# stored NAMESPACE PACKAGE VERSION: prints ListPackageVersionAssets' answer, "{}" if there is no such version. One page has every asset (a
# version has at most 150); the CLI's own paging would leave the revision out.
stored() {
  local errors answer
  errors=$(mktemp "$RUNNER_TEMP/errors.XXXXXX")
  if answer=$(codeartifact list-package-version-assets "$1" "$2" "$3" --no-paginate --max-results 1000 2> "$errors"); then
    jq -e 'has("nextToken") | not' <<< "$answer" > /dev/null || stop "$(title "$@") has more assets than CodeArtifact allows"
    printf '%s' "$answer"
  elif grep -q '(ResourceNotFoundException)' "$errors"; then
    printf '{}'
  else
    stop "can't tell whether $(title "$@") exists: $(tr '\n' ' ' < "$errors")"
  fi
}

# assets ANSWER: prints lines "ASSET SHA256" of what `stored` answered
assets() {
  # An npm version has one asset, whatever it is called; maven-metadata.xml is about the package, not about this version.
  jq -r --arg format "$FORMAT" '(.assets // [])[] | select(.name != "maven-metadata.xml")
    | "\(if $format == "npm" then "tarball" else .name end) \(.hashes["SHA-256"])"' <<< "$1" | sort
}

# compare EXPECTED STORED (lines "ASSET SHA256", sorted): prints absent, identical, partial (what is stored is part of what is expected) or
# different
compare() {
  if [[ -z $2 ]]; then
    printf absent
  elif [[ $1 == "$2" ]]; then
    printf identical
  elif [[ -z $(comm -13 <(printf '%s\n' "$1") <(printf '%s\n' "$2")) ]]; then
    printf partial
  else
    printf different
  fi
}

# sha256 FILE
sha256() {
  sha256sum "$1" | cut -d ' ' -f 1
}

# login TOOL: npm or twine, for as long as this script runs. What may publish is left neither to later steps nor, on a runner of one's own, to
# later jobs. `aws codeartifact login` would not show the token, so it could not be masked.
login() {
  local address token
  address=$(endpoint)
  token=$(aws codeartifact get-authorization-token --domain "$DOMAIN" --domain-owner "$DOMAIN_OWNER" --region "$REGION" \
    --duration-seconds "$TOKEN_DURATION" --query authorizationToken --output text)
  printf '::add-mask::%s\n' "$token"
  HOME=$(umask 077 && mktemp -d "$RUNNER_TEMP/home.XXXXXX")
  trap 'rm -rf "$HOME"' EXIT
  case $1 in
    npm) printf 'registry=%s\n//%s:_authToken=%s\n' "$address" "${address#*://}" "$token" > "$HOME/.npmrc" ;;
    twine)
      printf '[distutils]\nindex-servers = codeartifact\n[codeartifact]\nrepository = %s\nusername = aws\npassword = %s\n' \
        "$address" "$token" > "$HOME/.pypirc"
      ;;
  esac
}

# endpoint: the repository's address for this format, with a slash at its end
endpoint() {
  aws codeartifact get-repository-endpoint --domain "$DOMAIN" --domain-owner "$DOMAIN_OWNER" --region "$REGION" --repository "$REPOSITORY" \
    --format "$FORMAT" --query repositoryEndpoint --output text | sed 's#/*$#/#'
}
