# shellcheck shell=bash
# A token of the registry, and package managers that have it for as long as a script runs. Sourced by whatever reads or writes with a package manager.

# fetch_token: sets `token`. `aws codeartifact login` would not show it, so it could not be masked.
fetch_token() {
  token=$(aws codeartifact get-authorization-token --domain "$DOMAIN" --domain-owner "$DOMAIN_OWNER" --region "$REGION" \
    --duration-seconds "$TOKEN_DURATION" --query authorizationToken --output text)
  printf '::add-mask::%s\n' "$token"
}

# endpoint: the repository's address for this format, with a slash at its end
endpoint() {
  aws codeartifact get-repository-endpoint --domain "$DOMAIN" --domain-owner "$DOMAIN_OWNER" --region "$REGION" --repository "$REPOSITORY" \
    --format "$FORMAT" --query repositoryEndpoint --output text | sed 's#/*$#/#'
}

# login TOOL: npm or twine, once a script. What has rights is left neither to later steps nor, on a runner of one's own, to later jobs. `at_end`: what
# else the script does at its end.
login() {
  local address token
  [[ -z ${logged_in:-} ]] || return 0
  address=$(endpoint)
  fetch_token
  HOME=$(umask 077 && mktemp -d "$RUNNER_TEMP/home.XXXXXX")
  # shellcheck disable=SC2154 # of who sources this, if there is anything
  trap 'rm -rf "$HOME"; ${at_end:-:}' EXIT
  case $1 in
    npm) printf 'registry=%s\n//%s:_authToken=%s\n' "$address" "${address#*://}" "$token" > "$HOME/.npmrc" ;;
    twine)
      printf '[distutils]\nindex-servers = codeartifact\n[codeartifact]\nrepository = %s\nusername = aws\npassword = %s\n' \
        "$address" "$token" > "$HOME/.pypirc"
      ;;
  esac
  logged_in=yes
}
