#!/usr/bin/env bash
# Log package managers in, for reading.
#
# environment: TOOLS, SCOPES, ENVIRONMENT, DOMAIN, DOMAIN_OWNER, REGION, REPOSITORY, ROLE_ARN, TOKEN_DURATION (see action.yml)
set -euo pipefail
umask 077

read -ra wanted <<< "$TOOLS"
package_login=$GITHUB_ACTION_PATH/../../../developers/package-login
sh "$package_login" check ${wanted[@]+"${wanted[@]}"}

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

# One token serves every tool. `aws codeartifact login` would fetch one each, and show none of them, so none could be masked.
token=$(codeartifact get-authorization-token --duration-seconds "$TOKEN_DURATION" --query authorizationToken)
printf '::add-mask::%s\n' "$token"
endpoint=$(codeartifact get-repository-endpoint --repository "$REPOSITORY" --format npm --query repositoryEndpoint)

# What laptops run writes the settings of a job's tools, too. The token goes in by the environment, not as an argument, where other processes
# of the machine can read it.
PACKAGE_LOGIN_STATE=$session PACKAGE_LOGIN_TOKEN=$token PACKAGE_LOGIN_ENDPOINT=$endpoint PACKAGE_LOGIN_DOMAIN=$DOMAIN \
  PACKAGE_LOGIN_OWNER=$DOMAIN_OWNER PACKAGE_LOGIN_REGION=$REGION PACKAGE_LOGIN_REPOSITORY=$REPOSITORY PACKAGE_LOGIN_SCOPES=$SCOPES \
  PACKAGE_LOGIN_ENVIRONMENT=$ENVIRONMENT sh "$package_login" write ${wanted[@]+"${wanted[@]}"}

# Generic packages are read by the AWS CLI, which takes no token.
if [[ " $TOOLS " == *" generic "* ]]; then cat "$session/environment" >> "$GITHUB_ENV"; fi
