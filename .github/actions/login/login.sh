#!/usr/bin/env bash
# Log package managers in, for reading.
#
# environment: TOOLS, DOMAIN, DOMAIN_OWNER, REGION, REPOSITORY, ROLE_ARN, TOKEN_DURATION (see action.yml)
set -euo pipefail
umask 077

stop() {
  printf '::error title=Login::%s\n' "$1" >&2
  exit 1
}

read -ra wanted <<< "$TOOLS"
[[ ${#wanted[@]} -gt 0 ]] || stop "name at least one of npm, pip and maven"
for tool in "${wanted[@]}"; do
  case $tool in
    npm | pip | maven) ;;
    *) stop "the tools are npm, pip and maven, not $tool" ;;
  esac
done

# The role is this script's alone: what assume-role would give the job's later steps is kept in a folder that goes, as is all that the AWS CLI
# keeps.
session=$(mktemp -d "$RUNNER_TEMP/login.XXXXXX")
trap 'rm -rf "$session"' EXIT
# Clients read settings from the folder that they run in, and Python modules: this one has none.
cd "$session"
RUNNER_TEMP=$session GITHUB_ENV=$session/environment bash "$GITHUB_ACTION_PATH/../assume-role/assume-role.sh"

# codeartifact OPERATION OPTION...: the credentials reach no other program than the AWS CLI.
codeartifact() (
  while IFS='=' read -r name value; do
    export "$name=$value"
  done < "$session/environment"
  unset AWS_PROFILE AWS_DEFAULT_PROFILE
  HOME=$session AWS_CONFIG_FILE=$session/config AWS_SHARED_CREDENTIALS_FILE=$session/credentials AWS_PAGER="" \
    aws codeartifact "$1" --domain "$DOMAIN" --domain-owner "$DOMAIN_OWNER" --region "$REGION" --output text "${@:2}"
)

# endpoint FORMAT: the repository's address, with a slash at its end
endpoint() {
  codeartifact get-repository-endpoint --repository "$REPOSITORY" --format "$1" --query repositoryEndpoint | sed 's#/*$#/#'
}

# One token serves every tool. `aws codeartifact login` would fetch one each, and show none of them, so none could be masked.
token=$(codeartifact get-authorization-token --duration-seconds "$TOKEN_DURATION" --query authorizationToken)
printf '::add-mask::%s\n' "$token"

# keep FILE BEGINNING LINE: put a line into a file, in the place of those that begin so. The token goes in this way, and not as an argument,
# where other processes of the machine can read it.
keep() {
  local others=""
  mkdir -p "$(dirname "$1")"
  [[ ! -f $1 ]] || others=$(BEGINNING=$2 awk 'index($0, ENVIRON["BEGINNING"]) != 1' "$1")
  printf '%s\n' ${others:+"$others"} "$3" > "$1"
  chmod go-rwx "$1"
}

login_npm() {
  local address key
  address=$(endpoint npm)
  key="//${address#*://}:_authToken="
  npm config set registry "$address"
  keep "$(npm config get userconfig)" "$key" "$key$token"
  printf 'npm reads %s\n' "$address"
}

# The address is without the token, which pip finds in .netrc: pip-compile prints the address, and writes it into what it compiles.
login_pip() {
  local address host
  address=$(endpoint pypi)simple/
  host=${address#*://} host=${host%%/*} host=${host%%:*}
  pip config --user --quiet set global.index-url "$address"
  keep "${NETRC:-$HOME/.netrc}" "machine $host " "machine $host login aws password $token"
  printf 'pip reads %s\n' "$address"
}

login_maven() {
  local address
  address=$(endpoint maven)
  mkdir -p "$HOME/.m2"
  # One mirror for everything: also Maven's own plugins come through the registry, which reads the public ones.
  cat > "$HOME/.m2/settings.xml" << SETTINGS
<settings xmlns="http://maven.apache.org/SETTINGS/1.0.0">
  <servers>
    <server>
      <id>codeartifact</id>
      <username>aws</username>
      <password>$token</password>
    </server>
  </servers>
  <mirrors>
    <mirror>
      <id>codeartifact</id>
      <mirrorOf>*</mirrorOf>
      <url>$address</url>
    </mirror>
  </mirrors>
</settings>
SETTINGS
  printf 'Maven reads %s, by %s\n' "$address" "$HOME/.m2/settings.xml"
}

for tool in "${wanted[@]}"; do
  "login_$tool"
done
