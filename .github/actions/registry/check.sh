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

# field ENTRY NAME: registry.json is a list of flat objects, with no blank or quote in a value. No jq: not every container has it.
field() {
  sed -nE "s/.*\"$2\": *\"?([A-Za-z0-9._-]+)\"?.*/\1/p" <<< "$1"
}

found="" known=""
while IFS= read -r entry; do
  [[ $entry == *'"domain"'* ]] || continue
  known+="${known:+; }domain $(field "$entry" domain) of account $(field "$entry" domainOwner) in $(field "$entry" region)"
  [[ $(field "$entry" domain) == "$DOMAIN" && $(field "$entry" domainOwner) == "$DOMAIN_OWNER" && $(field "$entry" region) == "$REGION" ]] ||
    continue
  found+=$entry$'\n'
done < <(tr -d '\n' < "$constants" | tr '}' '\n' && echo)
[[ $(grep -c . <<< "$found") == 1 ]] ||
  stop "the variables CODEARTIFACT_DOMAIN, _DOMAIN_OWNER and _REGION disagree with the registries of this workflow, which are: $known"
[[ $role_account == "$DOMAIN_OWNER" ]] || stop "the role belongs to account $role_account, the registry to $DOMAIN_OWNER"

printf 'stack=%s\ndomain=%s\ndomain-owner=%s\nregion=%s\ntoken-duration=%s\n' "$(field "$found" stack)" "$DOMAIN" "$DOMAIN_OWNER" "$REGION" \
  "$(field "$found" tokenDuration)"
printf 'repository=%s\nrole-arn=%s\n' "$REPOSITORY" "$ROLE_ARN"
