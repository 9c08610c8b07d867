#!/usr/bin/env bash
# Check a caller's variables against the registries that this repository knows.
#
# usage: check.sh REGISTRY_JSON; environment: DOMAIN, DOMAIN_OWNER, REGION, REPOSITORY, ROLE_ARN
# Prints the constants as NAME=VALUE lines on standard output; errors go to standard error as workflow commands, exit status 1.
set -euo pipefail

constants=$1

stop() {
  printf '::error title=Package registry::%s\n' "$1" >&2
  exit 1
}

for variable in DOMAIN DOMAIN_OWNER REGION REPOSITORY; do
  [[ -n ${!variable} ]] ||
    stop "the variable CODEARTIFACT_$variable is not set: add this repository to the catalog, whose deployment writes the variables"
done
[[ -n $ROLE_ARN ]] || stop "there is no role for this job: this repository's catalog entry does not allow what the workflow does"

# Only what matches these goes on: names of AWS, so nothing that could end a line or a command.
[[ $REPOSITORY =~ ^[A-Za-z0-9][A-Za-z0-9._-]{1,99}$ ]] || stop "CODEARTIFACT_REPOSITORY is not the name of a CodeArtifact repository"
[[ $ROLE_ARN =~ ^arn:aws[a-z-]*:iam::([0-9]{12}):role/[A-Za-z0-9+=,.@_/-]+$ ]] || stop "the role's variable does not hold the ARN of a role"
role_account=${BASH_REMATCH[1]}

found=$(jq --arg domain "$DOMAIN" --arg owner "$DOMAIN_OWNER" --arg region "$REGION" \
  '[.[] | select(.domain == $domain and .domainOwner == $owner and .region == $region)]' "$constants")
if [[ $(jq length <<< "$found") != 1 ]]; then
  known=$(jq -r 'map("domain \(.domain) of account \(.domainOwner) in \(.region)") | join("; ")' "$constants")
  stop "the variables CODEARTIFACT_DOMAIN, _DOMAIN_OWNER and _REGION disagree with the registries of this workflow, which are: $known"
fi
[[ $role_account == "$DOMAIN_OWNER" ]] || stop "the role belongs to account $role_account, the registry to $DOMAIN_OWNER"

jq -r '.[0] | "stack=\(.stack)", "domain=\(.domain)", "domain-owner=\(.domainOwner)", "region=\(.region)", "token-duration=\(.tokenDuration)"' \
  <<< "$found"
printf 'repository=%s\nrole-arn=%s\n' "$REPOSITORY" "$ROLE_ARN"
