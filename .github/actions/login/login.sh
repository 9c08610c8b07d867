#!/usr/bin/env bash
# Log package managers in, for reading.
#
# environment: TOOLS, DOMAIN, DOMAIN_OWNER, REGION, REPOSITORY, ROLE_ARN, TOKEN_DURATION (see action.yml)
set -euo pipefail
umask 077
export AWS_PAGER=""

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

# The role is this script's alone: what assume-role would tell the job's later steps is kept in a file that goes.
session=$(mktemp -d "$RUNNER_TEMP/login.XXXXXX")
trap 'rm -rf "$session"' EXIT
RUNNER_TEMP=$session GITHUB_ENV=$session/environment bash "$GITHUB_ACTION_PATH/../assume-role/assume-role.sh"
while IFS='=' read -r name value; do
  export "$name=$value"
done < "$session/environment"

registry=(--domain "$DOMAIN" --domain-owner "$DOMAIN_OWNER" --region "$REGION")

login_maven() {
  local address token
  address=$(aws codeartifact get-repository-endpoint "${registry[@]}" --repository "$REPOSITORY" --format maven \
    --query repositoryEndpoint --output text)
  token=$(aws codeartifact get-authorization-token "${registry[@]}" --duration-seconds "$TOKEN_DURATION" \
    --query authorizationToken --output text)
  printf '::add-mask::%s\n' "$token"
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
  if [[ $tool == maven ]]; then
    login_maven
  else
    aws codeartifact login --tool "$tool" "${registry[@]}" --repository "$REPOSITORY" --duration-seconds "$TOKEN_DURATION"
  fi
done
